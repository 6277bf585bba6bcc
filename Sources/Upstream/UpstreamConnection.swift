import EventLoop
import Wire

/// One connection to an upstream: dials, shakes hands, sends one request at a time, reads its
/// response, and waits in its pool for the next.
///
/// Owned by its pool and by the exchange that it serves. Used by its loop's thread only.
public final class UpstreamConnection: Watcher, DialTarget {
  private enum State {
    case dialing(Dial)
    case handshaking
    /// Serves an exchange.
    case busy
    /// Waits in the pool. Whatever arrives closes it.
    case idle
    /// Nothing more happens; the settle closes the descriptor.
    case closing
    case closed
  }

  private var state: State
  private let pool: ConnectionPool
  private let loop: EventLoop
  private var exchange: (any UpstreamExchange)?
  private var stream = ByteStream(descriptor: -1)
  private var input = ByteBuffer()
  /// What is to be sent. True to the order in which it is appended.
  private var output = ByteBuffer()
  private var response = ResponseReader()
  private var interest: Readiness = []
  private var timeout: Timeout?

  private var openedNanoseconds: Int64 = 0
  /// When bytes last went out and came in; what the timeouts count from.
  private var writtenNanoseconds: Int64 = 0
  private var readNanoseconds: Int64 = 0
  private var isRequestWhole = false
  private var isWriteBroken = false
  /// Bytes of this request that the socket has taken.
  private var sentBytes = 0
  /// Bytes of its answer, interim ones included.
  private var receivedBytes = 0
  /// The peer has ended its side behind a whole response.
  private var isPeerGone = false

  /// How long making this connection took; of interest to its first exchange.
  public private(set) var times = DialTimes()
  public private(set) var tlsNanoseconds: Int64 = 0
  /// Requests that were answered on it before the current one.
  public private(set) var answered = 0

  init(_ pool: ConnectionPool, _ exchange: any UpstreamExchange) {
    self.pool = pool
    self.exchange = exchange
    loop = pool.connector.loop
    state = .closed
    super.init()
    timeout = Timeout(owner: self, loop: loop)
  }

  // MARK: What an exchange calls

  /// Bytes appended and not yet taken by the socket.
  public var outputCount: Int { output.count }

  /// True where a byte of the current request has left.
  public var hasSentBytes: Bool { sentBytes > 0 }

  /// What it is busy with, for whoever has to say where the time went.
  public var phase: UpstreamFailure.Phase {
    switch state {
    case .dialing(let dial): dial.phase
    case .handshaking: .tls
    case .busy, .idle, .closing, .closed:
      response.hasHead ? .body : isRequestWhole && output.isEmpty ? .firstByte : .send
    }
  }

  /// Appends bytes of the request; they leave in the settle.
  public func send(_ bytes: Span<UInt8>) {
    if isWriteBroken { return }
    pool.connector.blocks.provide(&output)
    output.append(bytes)
    loop.mark(self)
  }

  /// Appends payload of a chunked request as one chunk.
  public func sendChunk(_ payload: Span<UInt8>) {
    if isWriteBroken { return }
    pool.connector.blocks.provide(&output)
    output.appendChunk(payload)
    loop.mark(self)
  }

  /// No more of the request follows.
  /// `isToHead`: its method is HEAD.
  public func endRequest(isChunked: Bool) {
    if isChunked, !isWriteBroken { output.appendLastChunk() }
    isRequestWhole = true
    loop.mark(self)
  }

  /// Begins a request; before the first `send`.
  public func beginRequest(isToHead: Bool) {
    guard case .busy = state else { preconditionFailure("a request on a connection not acquired") }
    assert(output.isEmpty && input.isEmpty, "leftovers of the request before")
    response.reset(isToHead: isToHead)
    isRequestWhole = false
    isWriteBroken = false
    sentBytes = 0
    receivedBytes = 0
    isPeerGone = false
    writtenNanoseconds = loop.nowNanoseconds
    loop.mark(self)
  }

  /// The other side can take payload again, or its want has changed.
  public func reconsider() { loop.mark(self) }

  /// The exchange is over and takes its leave: the connection is kept where both messages are whole
  /// and nothing speaks against it, closed otherwise.
  public func release() {
    exchange = nil
    switch state {
    case .busy where response.isReusable && isRequestWhole && output.isEmpty && !isWriteBroken
      && input.isEmpty && !isPeerGone && !isTooOld:
      answered += 1
      becomeIdle()
    case .closing, .closed: break
    default: close()
    }
  }

  /// The exchange has no more use for it, whatever it is doing. A request cut short is short of its
  /// framing, so that the upstream cannot take it for a whole one.
  public func abandon() {
    exchange = nil
    close()
  }

  // MARK: What its pool calls

  /// Begins to dial; false where that is not possible.
  func dial() -> Bool {
    guard let dial = pool.connector.dialer.dial(pool.origin, pool.settings, self) else {
      return false
    }
    state = .dialing(dial)
    let wait = Int64(pool.settings.connectMilliseconds) * 1_000_000
    timeout?.set(atNanoseconds: loop.nowNanoseconds + wait)
    return true
  }

  /// Leaves the pool for an exchange; false, and closed, where it is of no use any more.
  func reuse(for next: any UpstreamExchange, looksFirst: Bool) -> Bool {
    guard case .idle = state else { return false }
    if isTooOld || looksFirst && stream.hasInputOrEnded() {
      state = .busy  // as its pool counts it
      close()
      return false
    }
    state = .busy
    exchange = next
    return true
  }

  /// Goes over from one exchange to one that waited for it.
  func serve(_ next: any UpstreamExchange) {
    state = .busy
    exchange = next
    next.onConnected(self)
  }

  private var isTooOld: Bool {
    let lifetime = Int64(pool.settings.lifetimeMilliseconds) * 1_000_000
    return lifetime > 0 && loop.nowNanoseconds - openedNanoseconds > lifetime
  }

  private func becomeIdle() {
    state = .idle
    if !pool.keep(self) {
      state = .busy
      close()
      return
    }
    guard case .idle = state else { return }  // it serves one that waited
    pool.connector.blocks.reclaim(&input)
    pool.connector.blocks.reclaim(&output)
    let wait = Int64(pool.settings.keepMilliseconds) * 1_000_000
    timeout?.set(atNanoseconds: loop.nowNanoseconds + wait)
    if interest != .readable { loop.mark(self) }
  }

  // MARK: Dialling

  func onDialed(_ descriptor: Int32, _ dialTimes: DialTimes) {
    guard case .dialing = state else { preconditionFailure("dialled without being asked") }
    times = dialTimes
    stream = ByteStream(descriptor: descriptor)
    openedNanoseconds = loop.nowNanoseconds
    interest = .readable
    guard loop.watch(self, descriptor: descriptor, interest: interest) else {
      stream.close()
      fail(UpstreamFailure(.resourcesExhausted, .connect))
      return
    }
    Socket.setNoDelay(descriptor)
    guard let context = pool.settings.tls else {
      onConnected()
      return
    }
    let isAddress =
      SocketAddress.ipv4Bytes(pool.origin.host) != nil || pool.origin.isIPv6Literal
    state = .handshaking
    guard
      stream.startTLS(
        context, host: pool.origin.host, isAddress: isAddress, sessions: pool.sessions)
    else {
      fail(UpstreamFailure(.tlsFailed, .tls))
      return
    }
    openedNanoseconds = loop.nowNanoseconds
    loop.queueHandshake(self)
  }

  func onDialFailed(_ failure: UpstreamFailure) { fail(failure) }

  public override func onHandshakeTurn() {
    guard case .handshaking = state else { return }
    switch stream.handshake() {
    case .done:
      tlsNanoseconds = loop.nowNanoseconds - openedNanoseconds
      onConnected()
    case .wouldBlock: loop.mark(self)
    case .untrusted: fail(UpstreamFailure(.tlsUntrusted, .tls))
    case .failed: fail(UpstreamFailure(.tlsFailed, .tls))
    }
  }

  private func onConnected() {
    state = .busy
    timeout?.clear()
    guard let exchange else {
      becomeIdle()
      return
    }
    exchange.onConnected(self)
  }

  // MARK: Events

  public override func onReady(_ readiness: Readiness) {
    switch state {
    case .handshaking: loop.queueHandshake(self)
    case .busy:
      if readiness.contains(.writable) { loop.mark(self) }
      if !readiness.isDisjoint(with: [.readable, .failed, .peerClosed]) { readInput() }
    case .idle: onReadyWhileIdle()
    case .dialing, .closing, .closed: break
    }
  }

  public override func onTimeout(_ timeout: Timeout) {
    switch state {
    case .dialing: fail(UpstreamFailure(.connectTimeout, .connect))
    case .handshaking: fail(UpstreamFailure(.tlsTimeout, .tls))
    case .busy:
      if !output.isEmpty {
        fail(.writeTimeout, .send)
      } else if response.hasHead {
        fail(.bodyTimeout, .body)
      } else {
        fail(.firstByteTimeout, .firstByte)
      }
    case .idle: close()
    case .closing, .closed: break
    }
  }

  /// Session tickets are all that may arrive; they are taken by the read and leave nothing behind.
  private func onReadyWhileIdle() {
    pool.connector.blocks.provide(&input)
    var result = StreamResult.wouldBlock
    _ = input.fill(minimum: 1) { space in
      result = stream.read(into: space)
      return 0
    }
    pool.connector.blocks.reclaim(&input)
    if result == .wouldBlock { return }
    if case .moved = result { pool.connector.count(unsolicited: 1) }
    close()
  }

  // MARK: Reading

  /// Reads a turn's share. A plain socket that gave less than it was asked for is empty; what TLS
  /// still holds, and what the share did not cover, is read in the next turn.
  private func readInput() {
    pool.connector.blocks.provide(&input)
    var reads = 0
    while reads < Self.readsPerTurn, case .busy = state, wantsInput {
      reads += 1
      var result = StreamResult.wouldBlock
      var asked = 0
      _ = input.fill(minimum: BlockPool.blockBytes / 4) { space in
        asked = space.count
        result = stream.read(into: space)
        if case .moved(let count) = result { return count }
        return 0
      }
      switch result {
      case .moved(let count):
        readNanoseconds = loop.nowNanoseconds
        receivedBytes += count
        process()
        if count < asked, !stream.isTLS { return }
      case .wouldBlock: return
      case .ended:
        onInputEnded(isTruncated: false)
        return
      case .failed(let failure):
        onReadFailed(failure)
        return
      }
    }
    if stream.hasHeldInput { loop.readyAgain(self) }
  }

  private static let readsPerTurn = 8

  /// Behind a whole response nothing is read until it is known what becomes of the connection.
  private var wantsInput: Bool {
    !response.isEnded && (!response.hasHead || exchange?.canTakeBody ?? true)
  }

  /// Hands what has arrived to the exchange.
  private func process() {
    guard let exchange else { return }
    if let failure = response.process(&input, pool.settings, exchange) {
      fail(failure.kind, failure.phase)
    } else {
      loop.mark(self)
    }
  }

  private func onInputEnded(isTruncated: Bool) {
    isPeerGone = true
    if response.isEnded { return }
    if !isTruncated, response.onInputEnded() {
      exchange?.onResponseEnded()
    } else {
      fail(response.kindOfEnd, response.phase)
    }
  }

  private func onReadFailed(_ failure: StreamFailure) {
    isPeerGone = true
    if response.isEnded { return }
    switch failure {
    case .truncated: onInputEnded(isTruncated: response.isUntilClose)
    case .tls: fail(.protocolError, response.phase)
    case .reset: fail(response.hasHead ? .truncatedBody : .reset, response.phase)
    }
  }

  /// Ends the exchange's part in this connection, with what is known of its request.
  private func fail(_ kind: UpstreamFailure.Kind, _ phase: UpstreamFailure.Phase) {
    fail(
      UpstreamFailure(
        kind, phase, hasSentBytes: hasSentBytes, isUnanswered: receivedBytes == 0))
  }

  // MARK: The settle

  public override func onSettle() {
    switch state {
    case .closing: finishClosing()
    case .handshaking:
      setInterest(stream.readNeedsWritable ? .writable : .readable)
    case .busy:
      flush()
      guard case .busy = state else { return }
      setInterest(wantedInterest)
      setTimeout()
    case .idle: setInterest(.readable)
    case .dialing, .closed: break
    }
  }

  private func flush() {
    let before = output.count
    while !output.isEmpty {
      let result = output.withUnsafeBytes { stream.write($0) }
      guard case .moved(let count) = result else {
        if result != .wouldBlock { onWriteFailed() }
        break
      }
      output.consume(count)
      sentBytes += count
      writtenNanoseconds = loop.nowNanoseconds
    }
    if output.count < before, output.count <= pool.settings.outputLowBytes {
      exchange?.onUpstreamDrained()
    }
  }

  /// The upstream takes no more, but what it has answered may still be there to read.
  private func onWriteFailed() {
    isWriteBroken = true
    output.removeAll()
    loop.readyAgain(self)
  }

  private var wantedInterest: Readiness {
    var wanted: Readiness = wantsInput ? .readable : []
    if !output.isEmpty || stream.readNeedsWritable && wantsInput { wanted.insert(.writable) }
    return wanted
  }

  private func setInterest(_ wanted: Readiness) {
    if wanted.contains(.readable), !interest.contains(.readable), stream.hasHeldInput {
      loop.readyAgain(self)
    }
    if wanted == interest { return }
    interest = wanted
    loop.change(descriptor: stream.descriptor, interest: wanted)
  }

  /// The first byte's time runs from the request's last, whatever interim answers or pieces of a
  /// head come in between.
  private func setTimeout() {
    let settings = pool.settings
    if !output.isEmpty {
      setTimeout(from: writtenNanoseconds, settings.idleMilliseconds)
    } else if response.hasHead, wantsInput {
      setTimeout(from: readNanoseconds, settings.idleMilliseconds)
    } else if isRequestWhole, !response.hasHead {
      setTimeout(from: writtenNanoseconds, settings.firstByteMilliseconds)
    } else {
      timeout?.clear()
    }
  }

  private func setTimeout(from start: Int64, _ milliseconds: Int) {
    timeout?.set(atNanoseconds: start + Int64(milliseconds) * 1_000_000)
  }

  // MARK: The end

  /// Tells the exchange, which has no more to do with this connection.
  private func fail(_ failure: UpstreamFailure) {
    let told = exchange
    exchange = nil
    let isConnecting =
      switch state {
      case .dialing, .handshaking: true
      default: false
      }
    close()
    if isConnecting {
      told?.onConnectFailed(failure)
    } else {
      told?.onUpstreamFailed(failure)
    }
  }

  /// Ends the connection in the next settle.
  func close() {
    let wasIdle = if case .idle = state { true } else { false }
    switch state {
    case .closing, .closed: return
    case .dialing(let dial): dial.cancel()
    case .handshaking, .busy, .idle: break
    }
    state = .closing
    timeout?.clear()
    loop.mark(self)
    pool.onEnded(self, wasIdle: wasIdle)
  }

  private func finishClosing() {
    state = .closed
    timeout = nil
    if stream.descriptor >= 0 {
      loop.forget(descriptor: stream.descriptor)
      stream.close()
    }
    input.removeAll()
    output.removeAll()
    pool.connector.blocks.reclaim(&input)
    pool.connector.blocks.reclaim(&output)
  }
}
