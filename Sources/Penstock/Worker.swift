import Body
import EventLoop
import Glibc
import Upstream
import Wire

/// One thread with its own event loop, listeners, connection pools, metric shard and log buffer.
///
/// Made on the main thread, run on its own; from then on only `remote` is for other threads.
final class Worker: TurnEndHandler {
  let index: Int
  let configuration: Configuration
  let shared: SharedState
  let loop: EventLoop
  let shard: MetricShard
  let blocks = BlockPool()
  let pipes: PipePool
  let codings: CodingPool
  /// What a stage has just made.
  var staged = ByteBuffer()
  let connector: Connector

  // What requests are judged by.
  let authenticator: Authenticator
  let router: Router
  let compression: CompressionRules
  let headLimits: HeadLimits
  let chunkLimits: ChunkLimits
  var pathRule = PathRule()
  var ruleJudge = RuleJudge()
  var endpointResolver: EndpointResolver
  var envelopeParser: ExecuteRequestParser
  var requestIDs = RequestIDs()
  private(set) var date = DateText()

  private var log: WorkerLog
  private var logTimer: LogTimer?
  /// Of one worker only: what is done for the whole process.
  private var timers: [RepeatingTimer] = []

  private var acceptors: [Acceptor] = []
  private var connections: [ObjectIdentifier: ClientConnection] = [:]
  /// The most there were since memory was last given back.
  private var connectionsPeak = 0
  private var exchanges: [Exchange] = []
  private var executeEnds: [ExecuteEnd] = []
  /// By account, once it is used: the pool of its base URL, and those of its other hosts.
  private var basePools: [ConnectionPool?]
  private var otherPools: [Int: [Origin: ConnectionPool]] = [:]

  /// True once the process is shutting down: answers are their connections' last.
  private(set) var isDraining = false
  private var areListenersClosed = false

  /// Errors: the kernel gives no epoll, or a `ca_file` cannot be read any more.
  init(_ index: Int, _ shared: SharedState) throws(ServerFault) {
    self.index = index
    self.shared = shared
    configuration = shared.configuration
    basePools = Array(repeating: nil, count: shared.configuration.accounts.count)
    let limits = configuration.limits
    do throws(SystemFault) {
      loop = try EventLoop(
        handshakesPerTurn: limits.tlsHandshakesPerTurn, bytesPerTurn: limits.turnBytes)
    } catch {
      throw ServerFault("\(error)")
    }
    shard = shared.shards[index]
    pipes = PipePool(
      loop: loop, pipesMax: limits.splicePipes, pipeBytes: limits.splicePipeBytes)
    codings = CodingPool(
      contextsMax: limits.compressionContexts / configuration.workers,
      idleMax: limits.compressionContextsIdle)
    connector = Connector(
      loop: loop, blocks: blocks, pipes: pipes, dialsInFlight: limits.dialsInFlight)
    authenticator = shared.authenticator
    router = shared.router
    compression = shared.compression
    headLimits = HeadLimits(
      targetBytes: limits.uriBytes, fieldBytes: limits.headerBytes, fields: limits.headers,
      fieldNameBytes: limits.headerNameBytes, fieldValueBytes: limits.headerValueBytes,
      methodBytes: limits.methodBytes)
    chunkLimits = ChunkLimits(
      extensionBytes: limits.chunkExtensionBytes,
      trailers: HeadLimits(
        targetBytes: 0, fieldBytes: limits.trailerBytes, fields: limits.headers,
        fieldNameBytes: limits.headerNameBytes, fieldValueBytes: limits.headerValueBytes))
    endpointResolver = EndpointResolver(endpointBytesMax: limits.endpointBytes)
    envelopeParser = ExecuteRequestParser(
      parametersMax: limits.executeParameters, depthMax: limits.jsonDepth,
      headerNameBytesMax: limits.headerNameBytes, headerBytesMax: limits.headerBytes,
      base64BytesMax: limits.executeBase64Bytes,
      readsConnections: configuration.execute.customConnectionData)
    log = WorkerLog(configuration, sink: shared.sink)
    // Envelopes pass through it that may bring credentials.
    staged.holdsSecrets = configuration.execute.customConnectionData
    try makeTLSContexts()
    logTimer = LogTimer(self)
    if index == 0 { startTimers() }
    loop.setTurnEndHandler(self)
    date.update(wallNanoseconds: loop.wallNanoseconds)
  }

  private func startTimers() {
    let shared = shared
    let sample = RepeatingTimer(loop, everyNanoseconds: StatusHistory.intervalNanoseconds) {
      shared.history.sampleSoon(on: shared.scrapes)
    }
    timers.append(sample)
    guard let files = shared.files else { return }
    files.sweepSoon()
    let sweep = RepeatingTimer(loop, everyNanoseconds: FileStore.sweepNanoseconds) {
      files.sweepSoon()
    }
    timers.append(sweep)
  }

  /// Runs until it is drained or cut off.
  func run() { loop.run() }

  /// How other threads have something done here.
  var remote: RemoteTasks { loop.remoteTasks }

  // MARK: Upstream

  /// So that an account's file of roots is read before anyone is served.
  private func makeTLSContexts() throws(ServerFault) {
    for account in configuration.accounts where account.base.isTLS {
      _ = try tlsContext(of: account)
    }
  }

  private func tlsContext(of account: Account) throws(ServerFault) -> TLSContext {
    do throws(TLSContextFault) {
      return try connector.tlsContext(caFile: account.caFile)
    } catch {
      throw ServerFault("account \(account.id): its ca_file holds no certificate")
    }
  }

  private func poolSettings(
    _ account: Account, _ origin: Origin, isBase: Bool
  ) throws(ServerFault) -> PoolSettings {
    let tls = origin.isTLS ? try tlsContext(of: account) : nil
    return PoolSettings(
      account, configuration, isBase: isBase, tls: tls, ownListeners: shared.ownListeners)
  }

  /// The pool of the account's base URL, made when it is first wanted: of a hundred thousand
  /// accounts most are idle. Nil where its roots cannot be read, which the start has tried.
  func basePool(of account: Account) -> ConnectionPool? {
    if let known = basePools[account.index] { return known }
    let base = account.base
    let origin = Origin(isTLS: base.isTLS, host: base.host, port: base.port)
    guard let settings = try? poolSettings(account, origin, isBase: true) else { return nil }
    let made = connector.makePool(origin, settings)
    basePools[account.index] = made
    return made
  }

  /// The pool of one of the account's origins, made when it is first wanted.
  func pool(of account: Account, _ origin: Origin, isBase: Bool) -> ConnectionPool? {
    if isBase { return basePool(of: account) }
    var pools = otherPools[account.index] ?? [:]
    if let known = pools[origin] { return known }
    // `allowed_hosts: "*"` names any number of origins: those out of use make room.
    if pools.count >= Self.otherPoolsMax { pools = pools.filter { !$0.value.isUnused } }
    guard let settings = try? poolSettings(account, origin, isBase: false) else { return nil }
    let made = connector.makePool(origin, settings)
    pools[origin] = made
    otherPools[account.index] = pools
    return made
  }

  /// A pool that keeps no connection, for one exchange.
  func singleUsePool(of account: Account, _ origin: Origin, isBase: Bool) -> ConnectionPool? {
    guard var settings = try? poolSettings(account, origin, isBase: isBase) else { return nil }
    settings.idleConnections = 0
    settings.holdsSecrets = true
    return connector.makePool(origin, settings)
  }

  private static let otherPoolsMax = 64

  /// A pool for one fetch of a body that an envelope points to: whatever comes on its connection
  /// reaches nobody else.
  func makeFetchPool(_ origin: Origin) throws(PenstockError) -> ConnectionPool {
    do throws(TLSContextFault) {
      let tls = origin.isTLS ? try connector.tlsContext(caFile: nil) : nil
      return connector.makePool(
        origin, PoolSettings(ofFetch: configuration, tls: tls, ownListeners: shared.ownListeners))
    } catch {
      throw .internalError
    }
  }

  // MARK: Downstream

  /// Takes over a listening socket; before `run`.
  func listen(
    _ descriptor: Int32, _ plane: Plane, isTCP: Bool, isShared: Bool, halfClose: HalfClose
  ) {
    acceptors.append(
      Acceptor(
        self, plane, descriptor: descriptor, isTCP: isTCP, isShared: isShared,
        halfClose: halfClose))
  }

  func onAccepted(
    _ descriptor: Int32, peer: SocketAddress, _ plane: Plane, _ halfClose: HalfClose
  ) {
    let client = ClientConnection(
      self, plane, descriptor: descriptor, peer: peer, halfClose: halfClose)
    connections[ObjectIdentifier(client)] = client
    connectionsPeak = max(connectionsPeak, connections.count)
    guard client.start() else {
      client.cutOff()
      return
    }
    if plane == .data { admit(client) }
  }

  /// Too many of all, or of one address: told so without reading a request.
  private func admit(_ client: ClientConnection) {
    let isPlace = shared.connections.enter(limit: shared.connectionsMax)
    let isWithinLimit = shared.addresses.enter(client.peer)
    if isPlace, isWithinLimit { return }
    let limit = isPlace ? LimitName.connectionsPerAddress : .connections
    shard.countLimitHit(limit: limit.rawValue)
    client.refuse(isPlace ? .tooManyConnections : .overloaded)
  }

  func onAcceptExhausted(_ number: Int32) {
    tell(.error, "accept_paused", "accept: \(String(cString: strerror(number)))")
  }

  func onClosed(_ client: ClientConnection) {
    if client.plane == .data {
      shared.connections.leave()
      shared.addresses.leave(client.peer)
    }
    connections[ObjectIdentifier(client)] = nil
    giveMemoryBack()
    stopIfDrained()
  }

  /// After a crowd has left, what it held is free but still the process's. Giving it back takes
  /// time, so it is done only when most of many have gone.
  private func giveMemoryBack() {
    guard connectionsPeak >= Self.crowd, connections.count <= connectionsPeak / 4 else { return }
    connectionsPeak = connections.count
    exchanges.removeAll()
    executeEnds.removeAll()
    blocks.releaseAll()
    Memory.giveBack()
  }

  private static let crowd = 64

  func takeExchange(for client: ClientConnection) -> Exchange {
    let exchange = exchanges.popLast() ?? Exchange(self)
    exchange.open(for: client)
    if client.plane == .data { shard.addRequestsInFlight(1) }
    return exchange
  }

  func giveBack(_ exchange: Exchange) {
    if exchange.client?.plane == .data { shard.addRequestsInFlight(-1) }
    if let end = exchange.execute {
      end.reset()
      if executeEnds.count < Self.storeMax { executeEnds.append(end) }
    }
    exchange.close()
    if exchanges.count < Self.storeMax { exchanges.append(exchange) }
  }

  func takeExecuteEnd() -> ExecuteEnd {
    executeEnds.popLast()
      ?? ExecuteEnd(holdsSecrets: configuration.execute.customConnectionData)
  }

  /// Objects kept for the next request; more than a worker is ever at work on in one turn.
  private static let storeMax = 256

  // MARK: Telling

  /// Counts an exchange, and writes what the log is to tell of it. Admin requests are neither.
  func log(_ record: borrowing AccessRecord, client: ClientConnection?) {
    guard let client, client.plane == .data else { return }
    let now = loop.nowNanoseconds
    record.count(in: shard, nowNanoseconds: now)
    if shard.hasExemplars || record.isFailure {
      let mayName = log.mayName(record)
      let wall = loop.wallNanoseconds
      if mayName { record.exemplify(in: shard, nowNanoseconds: now, unixNanoseconds: wall) }
      if record.isFailure {
        shard.recentErrors.note(record.recentError(unixNanoseconds: wall, mayName: mayName))
      }
    }
    log.tell(record, client: client.peerText, time)
  }

  /// Writes a line about the process itself.
  func tell(_ level: LogLevel, _ event: StaticString, _ message: String) {
    log.tell(level, event, message, time)
  }

  private var time: WorkerLog.Time {
    WorkerLog.Time(
      nowNanoseconds: loop.nowNanoseconds, wallNanoseconds: loop.wallNanoseconds)
  }

  func onTurnEnd() {
    shard.observeLoopLag(nanoseconds: loop.sinceTurnBegan())
    date.update(wallNanoseconds: loop.wallNanoseconds)
    if log.shouldHandOver(nowNanoseconds: loop.nowNanoseconds) {
      log.handOver()
    } else if !log.isEmpty {
      logTimer?.start()
    }
    countFigures()
  }

  /// What its shard was told of the figures that others keep.
  var told = WorkerFigures()

  func handOverLog() { log.handOver() }

  // MARK: Shutting down

  /// From here on `/readyz` is 503 and every answer is its connection's last.
  func beginDraining() { isDraining = true }

  /// Closes the listeners and what is idle; runs on until the last exchange is over.
  func closeListeners() {
    isDraining = true
    for acceptor in acceptors { acceptor.close() }
    acceptors = []
    areListenersClosed = true
    for client in Array(connections.values) { client.drain() }
    stopIfDrained()
  }

  /// The grace is over: what is still under way is cut.
  func cutOff() {
    for client in Array(connections.values) { client.cutOff() }
    stopIfDrained()
  }

  private func stopIfDrained() {
    guard areListenersClosed, connections.isEmpty else { return }
    log.handOver()
    loop.stop()
  }
}
