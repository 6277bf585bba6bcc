import EventLoop
import Glibc
import Telemetry
import Wire

/// One client's connection: reads heads, runs one exchange at a time, writes answers in order.
///
/// Idle it holds no buffer and no exchange. How it reads and writes stands in
/// ClientConnectionTransfer, its timeouts and its part in a shutdown in ClientConnectionEnds, what
/// it does for its exchange in ClientConnectionService. Owned by its
/// worker; used by its loop's thread only.
final class ClientConnection: Watcher {
  enum State {
    /// No byte of a next request yet.
    case idle
    /// A head has begun; its exchange holds the parser.
    case head(Exchange)
    case exchange(Exchange)
    /// The client is gone, but its exchange goes on (ClientConnectionEnds).
    case detached(Exchange)
    /// The answer is out and this side is closed; what still comes is thrown away for a while, so
    /// that the client can read the answer (RFC 9112 §9.6).
    case lingering
    case closed
  }

  var state = State.idle
  let worker: Worker
  /// What is served here: the data plane, or the admin plane.
  let plane: Plane
  let servesHalfClosed: Bool

  var stream: ByteStream
  var input = ByteBuffer()
  /// What is to be written, in this order: bytes, then what a pipe or a file holds. Exchanges
  /// append; the settle writes.
  var output = ByteBuffer()
  var pipe: Pipe?
  var file: FileBody?
  /// True exactly when the pipe holds a chunk's data, which CRLF follows.
  var isPipeChunk = false
  /// Bytes of the output that the socket has taken.
  var writtenBytes = 0
  var interest: Readiness = .readable
  private var isWatched = false
  var timeout: Timeout?
  var exchangeTimeout: Timeout?
  /// When what the stages of a body hold back has to come out.
  var flushTimeout: Timeout?
  /// How a fast upload gathers in the socket, and when it has paused.
  var pace = ReadPace()
  var paceTimeout: Timeout?

  /// True once the client has ended its side.
  var isInputEnded = false
  /// epoll has said that the client has ended its side, of which all has not been read yet.
  var isEndTold = false
  var isClosingAfterFlush = false
  var isLingeringAfterFlush = false
  private(set) var requests = 0
  let openedNanoseconds: Int64
  /// When the state began, or bytes last moved in it; what the timeouts count from.
  var sinceNanoseconds: Int64
  var writtenNanoseconds: Int64
  /// Since when the client has not taken what there is for it; 0 while it has.
  var stalledNanoseconds: Int64 = 0
  /// What the socket held when half of the time was over in which it took nothing more; nil before.
  var stalledBytes: Int?
  /// True while the client takes what it is given without making it wait.
  var readsPromptly = true
  var lingeredBytes = 0
  var closeReason = CloseReason.clientClosed
  private var gauge = ConnectionLabel.downstreamIdle
  let peer: SocketAddress
  /// The peer's address as the log tells it.
  let peerText: [UInt8]

  init(
    _ worker: Worker, _ plane: Plane, descriptor: Int32, peer: SocketAddress,
    halfClose: HalfClose
  ) {
    self.worker = worker
    self.plane = plane
    self.peer = peer
    peerText = Array(peer.host.utf8)
    servesHalfClosed = halfClose == .serve
    stream = ByteStream(descriptor: descriptor)
    let now = worker.loop.nowNanoseconds
    openedNanoseconds = now
    sinceNanoseconds = now
    writtenNanoseconds = now
    super.init()
    // What is read passes through it, and envelopes may bring credentials.
    input.holdsSecrets = plane == .data && worker.configuration.execute.customConnectionData
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
    switch state {
    case .closed, .detached: return
    case .idle, .head, .exchange, .lingering: break
    }
    if readiness.contains(.writable) { worker.loop.mark(self) }
    if readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) { return }
    worker.loop.mark(self)
    // While an exchange is served this side is open: a hang-up is a reset.
    if readiness.hasFailed, case .exchange = state {
      onClientGone(.clientAborted)
      return
    }
    if wantsInput || readiness.hasFailed {
      readInput()
    } else if readiness.contains(.peerClosed) {
      onEndTold()
    }
    processInput()
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
        if exchange.wantsRequestBody, !exchange.takeRequestBody(&input) {
          if isInputEnded, !exchange.isUploadPaused { onBodyCut(exchange) }
          return
        }
        let ending = exchange.state.ending
        if ending == .notYet { return }
        if ending != .abort, hasTail || output.count > lowBytes { return }
        finish(exchange)
      case .lingering:
        input.removeAll()
        if lingeredBytes > worker.configuration.limits.lingeringBytes { close(closeReason) }
        return
      case .detached, .closed: return
      }
    }
  }

  /// A slow reader of pipelined answers is not read from until it catches up.
  var canStartNext: Bool {
    !isClosingAfterFlush && !isLingeringAfterFlush && output.count <= lowBytes
  }

  var lowBytes: Int { worker.configuration.limits.writeBufferLowBytes }

  /// True where the head ended, well or not.
  private func parseHead(_ exchange: Exchange) -> Bool {
    switch exchange.head.parse(input.span, worker.headLimits) {
    case .incomplete:
      if isInputEnded { onClientGone(.clientAborted) }
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
    if case .detached(let exchange) = state {
      settle(detached: exchange)
      return
    }
    if case .exchange(let exchange) = state { exchange.flushStages() }
    flush()
    // What was flushed may have been all that its exchange waited for.
    if case .exchange = state { processInput() }
    flush()
    if case .detached = state { return }  // in a flush: what is left is done in the next turn
    afterFlush()
    if case .closed = state {
      release()
      return
    }
    if case .idle = state, !input.isEmpty, canStartNext { worker.loop.readyAgain(self) }
    if input.isEmpty { worker.blocks.reclaim(&input) }
    setInterest()
    setTimeout()
  }

  // MARK: The end of an exchange

  func finish(_ exchange: Exchange) {
    let ending = exchange.state.ending
    exchange.finish()
    exchangeTimeout?.clear()
    flushTimeout?.clear()
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
  func onClientGone(_ reason: CloseReason) {
    if case .exchange(let exchange) = state {
      if exchange.outlivesClient {
        detach(from: exchange)
        return
      }
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
    dropTail()
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
  func release() {
    if timeout == nil { return }
    timeout = nil
    exchangeTimeout = nil
    flushTimeout = nil
    paceTimeout = nil
    closeStream()
    if plane == .data {
      worker.shard.addConnections(gauge, -1)
      worker.shard.countClose(closeReason)
    }
    worker.onClosed(self)
  }

  /// Gives up the descriptor and all that stands in between.
  func closeStream() {
    if isWatched { worker.loop.forget(descriptor: stream.descriptor) }
    isWatched = false
    if stream.descriptor >= 0 { stream.close() }
    dropTail()
    input.removeAll()
    output.removeAll()
    worker.blocks.reclaim(&input)
    worker.blocks.reclaim(&output)
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
    if timeout === paceTimeout {
      if stream.descriptor >= 0 { pace.onPaused(on: stream) }
      return
    }
    worker.loop.mark(self)
    if timeout === flushTimeout { return }  // the settle flushes what is due
    if timeout === exchangeTimeout {
      switch state {
      case .exchange(let exchange), .detached(let exchange): exchange.onTotalTimeout()
      case .idle, .head, .lingering, .closed: break
      }
      return
    }
    if hasUnsent {
      if isDraining(stallMilliseconds: worker.configuration.timeouts.writeStallMilliseconds) {
        return
      }
      stream.abortOnClose()
      onClientGone(.writeStall)
      return
    }
    switch state {
    case .idle: close(requests == 0 ? .noRequest : .keepAliveTimeout)
    case .head(let exchange):
      state = .exchange(exchange)
      exchange.refuse(.requestTimeout)
    case .exchange(let exchange):
      if exchange.isTunnel { exchange.onTunnelIdle() } else { exchange.onBodyTimeout() }
    case .lingering: close(closeReason)
    case .detached, .closed: break
    }
  }
}
