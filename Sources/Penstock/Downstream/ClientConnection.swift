import EventLoop
import Glibc
import Telemetry
import Wire

/// One client's connection: reads heads, runs one exchange at a time, writes answers in order.
///
/// Idle it holds no buffer and no exchange. Its timeouts and its part in a shutdown stand in
/// ClientConnectionEnds, what it does for its exchange in ClientConnectionService. Owned by its
/// worker; used by its loop's thread only.
final class ClientConnection: Watcher {
  enum State {
    /// No byte of a next request yet.
    case idle
    /// A head has begun; its exchange holds the parser.
    case head(Exchange)
    case exchange(Exchange)
    /// The answer is out and this side is closed; what still comes is thrown away for a while, so
    /// that the client can read the answer (RFC 9112 §9.6).
    case lingering
    case closed
  }

  var state = State.idle
  let worker: Worker
  /// What is served here: the data plane, or the admin plane.
  let plane: Plane
  private let servesHalfClosed: Bool

  var stream: ByteStream
  var input = ByteBuffer()
  /// What is to be written, in order. Exchanges append; the settle writes.
  var output = ByteBuffer()
  private var interest: Readiness = .readable
  private var isWatched = false
  var timeout: Timeout?
  var exchangeTimeout: Timeout?

  /// True once the client has ended its side.
  var isInputEnded = false
  var isClosingAfterFlush = false
  private var isLingeringAfterFlush = false
  private(set) var requests = 0
  let openedNanoseconds: Int64
  /// When the state began, or bytes last moved in it; what the timeouts count from.
  var sinceNanoseconds: Int64
  var writtenNanoseconds: Int64
  private var lingeredBytes = 0
  var closeReason = CloseReason.clientClosed
  private var gauge = ConnectionLabel.downstreamIdle
  /// The peer's address as the log tells it.
  let peerText: [UInt8]

  init(
    _ worker: Worker, _ plane: Plane, descriptor: Int32, peer: SocketAddress,
    halfClose: HalfClose
  ) {
    self.worker = worker
    self.plane = plane
    peerText = Array(peer.host.utf8)
    servesHalfClosed = halfClose == .serve
    stream = ByteStream(descriptor: descriptor)
    let now = worker.loop.nowNanoseconds
    openedNanoseconds = now
    sinceNanoseconds = now
    writtenNanoseconds = now
    super.init()
    timeout = Timeout(owner: self, loop: worker.loop)
    if plane == .data { worker.shard.addConnections(gauge, 1) }
    worker.loop.mark(self)
  }

  /// Begins to watch; false where the kernel has no room for one more.
  func start() -> Bool {
    isWatched = worker.loop.watch(self, descriptor: stream.descriptor, interest: interest)
    return isWatched
  }

  // MARK: Reading

  override func onReady(_ readiness: Readiness) {
    if case .closed = state { return }
    if readiness.contains(.writable) { worker.loop.mark(self) }
    if readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) { return }
    if wantsInput || readiness.contains(.failed) || readiness.contains(.peerClosed) { readInput() }
    processInput()
    worker.loop.mark(self)
  }

  func readInput() {
    if isInputEnded { return }
    worker.blocks.provide(&input)
    var result = StreamResult.wouldBlock
    _ = input.fill(minimum: 1024) { space in
      result = stream.read(into: space)
      if case .moved(let count) = result { return count }
      return 0
    }
    switch result {
    case .moved(let count):
      onBytesReceived(count)
    case .wouldBlock: break
    case .ended:
      isInputEnded = true
      onInputEnded()
    case .failed:
      isInputEnded = true
      onClientGone(.clientAborted)
    }
  }

  private func onBytesReceived(_ count: Int) {
    switch state {
    case .exchange(let exchange):
      if exchange.wantsRequestBody { sinceNanoseconds = worker.loop.nowNanoseconds }
    case .lingering: lingeredBytes += count
    case .idle, .head, .closed: break
    }
  }

  /// The client ended its side. Between requests that is good-bye; within one it is a cut, and with
  /// an answer pending it means that the client has left, unless the listener says otherwise.
  private func onInputEnded() {
    switch state {
    case .idle:
      if input.isEmpty { close(requests == 0 ? .noRequest : .clientClosed) }
    case .head: onClientGone(.clientAborted)
    case .exchange(let exchange):
      if exchange.state.request == .receiving { processInput() }
      guard case .exchange(let same) = state, same === exchange else { return }
      let isAnswered = exchange.state.response == .whole
      if exchange.wantsRequestBody || !isAnswered && !servesHalfClosed {
        onClientGone(.clientAborted)
      } else {
        exchange.state.onLastRequest()
      }
    case .lingering: close(closeReason)
    case .closed: break
    }
  }

  /// Takes what it can off the input: heads, bodies, one exchange after the other.
  func processInput() {
    while true {
      switch state {
      case .idle:
        if input.isEmpty || !canStartNext { return }
        let exchange = worker.takeExchange(for: self)
        state = .head(exchange)
        sinceNanoseconds = worker.loop.nowNanoseconds
        exchange.record.start(nanoseconds: sinceNanoseconds)
        moveGauge(to: .downstreamActive)
      case .head(let exchange):
        if !parseHead(exchange) { return }
      case .exchange(let exchange):
        if exchange.wantsRequestBody, !exchange.takeRequestBody(&input) { return }
        let ending = exchange.state.ending
        if ending == .notYet || ending != .abort && output.count > lowBytes { return }
        finish(exchange)
      case .lingering:
        input.removeAll()
        if lingeredBytes > worker.configuration.limits.lingeringBytes { close(closeReason) }
        return
      case .closed: return
      }
    }
  }

  /// A slow reader of pipelined answers is not read from until it catches up.
  private var canStartNext: Bool {
    !isClosingAfterFlush && !isLingeringAfterFlush && output.count <= lowBytes
  }

  private var lowBytes: Int { worker.configuration.limits.writeBufferLowBytes }

  /// True where the head ended, well or not.
  private func parseHead(_ exchange: Exchange) -> Bool {
    switch exchange.head.parse(input.span, worker.headLimits) {
    case .incomplete:
      return false
    case .complete:
      state = .exchange(exchange)
      sinceNanoseconds = worker.loop.nowNanoseconds
      requests += 1
      let count = exchange.head.byteCount
      exchange.record.bytesReceived += count
      exchange.begin(input.span)
      input.consume(count)
    case .failed(let fault):
      state = .exchange(exchange)
      exchange.refuse(fault)
    }
    return true
  }

  // MARK: The settle

  override func onSettle() {
    flush()
    // What was flushed may have been all that its exchange waited for.
    if case .exchange = state { processInput() }
    flush()
    afterFlush()
    if case .closed = state {
      release()
      return
    }
    if case .idle = state, !input.isEmpty, canStartNext { worker.loop.readyAgain(self) }
    setInterest()
    setTimeout()
  }

  private func flush() {
    if case .closed = state { return }
    while !output.isEmpty {
      let result = output.withUnsafeBytes { stream.write($0) }
      switch result {
      case .moved(let count):
        output.consume(count)
        writtenNanoseconds = worker.loop.nowNanoseconds
        if case .exchange(let exchange) = state, output.count <= lowBytes {
          exchange.onDownstreamDrained()
        }
      case .wouldBlock: return
      case .ended, .failed:
        onClientGone(.clientAborted)
        return
      }
    }
  }

  private func afterFlush() {
    if case .closed = state { return }
    if !output.isEmpty { return }
    if isLingeringAfterFlush {
      isLingeringAfterFlush = false
      beginLingering()
    } else if isClosingAfterFlush {
      close(closeReason)
    }
    guard case .idle = state else { return }
    worker.blocks.reclaim(&output)
    if isInputEnded, input.isEmpty { close(.clientClosed) }
  }

  private func beginLingering() {
    if isInputEnded {
      close(closeReason)
      return
    }
    stream.shutDownWrites()
    state = .lingering
    sinceNanoseconds = worker.loop.nowNanoseconds
    input.removeAll()
  }

  private var wantsInput: Bool {
    if isInputEnded { return false }
    switch state {
    case .idle: return canStartNext && input.isEmpty
    case .head, .lingering: return true
    case .exchange(let exchange):
      if exchange.wantsRequestBody { return exchange.canTakeRequestBody }
      // Further requests wait here, up to a buffer's worth; then in the socket.
      return input.count < worker.configuration.limits.readBufferBytes
    case .closed: return false
    }
  }

  private func setInterest() {
    var wanted: Readiness = wantsInput ? .readable : []
    if !output.isEmpty { wanted.insert(.writable) }
    // Where nothing is read, the end of the client is still of interest while it is waited on.
    if !wantsInput, !isInputEnded { wanted.insert(.peerClosed) }
    if wanted == interest { return }
    interest = wanted
    worker.loop.change(descriptor: stream.descriptor, interest: wanted)
  }

  // MARK: The end of an exchange

  func finish(_ exchange: Exchange) {
    let ending = exchange.state.ending
    exchange.finish()
    exchangeTimeout?.clear()
    worker.giveBack(exchange)
    moveGauge(to: .downstreamIdle)
    state = .idle
    sinceNanoseconds = worker.loop.nowNanoseconds
    if input.isEmpty { worker.blocks.reclaim(&input) }
    switch ending {
    case .keepAlive: break
    case .close where input.isEmpty || isInputEnded:
      closeReason = .connectionClose
      isClosingAfterFlush = true
    case .close, .linger:
      closeReason = ending == .linger ? .errorAnswer : .connectionClose
      isLingeringAfterFlush = true
    case .abort:
      closeReason = .answerAborted
      abort()
    case .notYet: preconditionFailure("an exchange that is not over")
    }
  }

  /// The client cannot be served any more: an exchange in flight is cancelled.
  private func onClientGone(_ reason: CloseReason) {
    if case .exchange(let exchange) = state {
      exchange.onClientGone(reason == .writeStall ? .clientWriteTimeout : .clientAborted)
      exchange.finish()
      worker.giveBack(exchange)
    } else if case .head(let exchange) = state {
      worker.giveBack(exchange)
    }
    close(reason)
  }

  /// Cuts the connection with RST, so that a cut answer cannot be taken for a whole one.
  private func abort() {
    output.removeAll()
    stream.abortOnClose()
    close(closeReason)
  }

  func close(_ reason: CloseReason) {
    if case .closed = state { return }
    closeReason = reason
    state = .closed
    worker.loop.mark(self)
  }

  /// Frees all; in the settle only.
  private func release() {
    if stream.descriptor < 0 { return }
    timeout = nil
    exchangeTimeout = nil
    if isWatched { worker.loop.forget(descriptor: stream.descriptor) }
    stream.close()
    input.removeAll()
    output.removeAll()
    worker.blocks.reclaim(&input)
    worker.blocks.reclaim(&output)
    if plane == .data {
      worker.shard.addConnections(gauge, -1)
      worker.shard.countClose(closeReason)
    }
    worker.onClosed(self)
  }

  private func moveGauge(to label: ConnectionLabel) {
    if plane == .data, label != gauge {
      worker.shard.addConnections(gauge, -1)
      worker.shard.addConnections(label, 1)
    }
    gauge = label
  }

  // MARK: Timeouts

  override func onTimeout(_ timeout: Timeout) {
    worker.loop.mark(self)
    if timeout === exchangeTimeout {
      if case .exchange(let exchange) = state { exchange.onTotalTimeout() }
      return
    }
    if !output.isEmpty {
      stream.abortOnClose()
      onClientGone(.writeStall)
      return
    }
    switch state {
    case .idle: close(requests == 0 ? .noRequest : .keepAliveTimeout)
    case .head(let exchange):
      state = .exchange(exchange)
      exchange.refuse(.requestTimeout)
    case .exchange(let exchange): exchange.onBodyTimeout()
    case .lingering: close(closeReason)
    case .closed: break
    }
  }
}
