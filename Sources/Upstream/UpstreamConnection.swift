import EventLoop
import Wire

/// One connection to an upstream: dials, shakes hands, sends one request at a time, reads its
/// response, and waits in its pool for the next.
///
/// How it is made stands in UpstreamConnectionDialing, how it reads and writes in
/// UpstreamConnectionTransfer.
/// Owned by its pool and by the exchange that it serves. Used by its loop's thread only.
public final class UpstreamConnection: Watcher {
  enum State {
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

  var state: State
  let pool: ConnectionPool
  let loop: EventLoop
  var exchange: (any UpstreamExchange)?
  var stream = ByteStream(descriptor: -1)
  var input = ByteBuffer()
  /// What is to be sent, in this order: bytes, then what a pipe or a file holds.
  var output = ByteBuffer()
  var pipe: Pipe?
  var file: OutgoingFile?
  var response = ResponseReader()
  var interest: Readiness = []
  var timeout: Timeout?
  /// How a fast body gathers in the socket, and when it has paused.
  var pace = ReadPace()
  var paceTimeout: Timeout?

  /// When it began to be dialled, when its addresses were known, and when it was open, with the
  /// handshake still to come. In loop time; 0 before.
  public private(set) var dialedNanoseconds: Int64 = 0
  public internal(set) var namedNanoseconds: Int64 = 0
  public internal(set) var openedNanoseconds: Int64 = 0
  /// When bytes last went out and came in; what the timeouts count from.
  public internal(set) var writtenNanoseconds: Int64 = 0
  var readNanoseconds: Int64 = 0
  var isRequestWhole = false
  var isWriteBroken = false
  /// A write was told of the reset that a read will take for an orderly end.
  var isReset = false
  /// A tunnel's client has ended its side: so does this one, behind what is still to be sent.
  var endsWritesAfterFlush = false
  /// True while nothing is watched, because the peer's hang-up would be told again and again to
  /// one that may not read yet.
  var isUnwatched = false
  /// True while answers come that fill more than a block: those of one upstream are alike, and the
  /// next is read at once.
  var readsLarge = false
  /// What the socket held when half of the time was over in which it took nothing more; nil before.
  var stalledBytes: Int?
  /// Bytes of this request that the socket has taken.
  var sentBytes = 0
  /// Bytes of its answer, interim ones included.
  var receivedBytes = 0
  /// The peer has ended its side behind a whole response.
  var isPeerGone = false

  /// How long making this connection took; of interest to its first exchange.
  public internal(set) var times = DialTimes()
  public internal(set) var tlsNanoseconds: Int64 = 0
  /// Requests that were answered on it before the current one.
  public private(set) var answered = 0

  init(_ pool: ConnectionPool, _ exchange: any UpstreamExchange) {
    self.pool = pool
    self.exchange = exchange
    loop = pool.connector.loop
    state = .closed
    super.init()
    output.holdsSecrets = pool.settings.holdsSecrets
    timeout = Timeout(owner: self, loop: loop)
  }

  // MARK: What an exchange calls

  /// Bytes appended and not yet taken by the socket.
  public var outputCount: Int { output.count }

  /// A pipe or a file is behind them: nothing can be appended until it is empty.
  public var hasTail: Bool { pipe != nil || file != nil }

  var hasUnsent: Bool { !output.isEmpty || hasTail }

  public var isTLS: Bool { stream.isTLS }

  /// True where a byte of the current request has left.
  public var hasSentBytes: Bool { sentBytes > 0 }

  /// What it is busy with, for whoever has to say where the time went.
  public var phase: UpstreamFailure.Phase {
    switch state {
    case .dialing(let dial): dial.phase
    case .handshaking: .tls
    case .busy, .idle, .closing, .closed:
      response.hasHead ? .body : isRequestWhole && !hasUnsent ? .firstByte : .send
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

  /// Takes over a file with payload.
  public func send(_ content: OutgoingFile) {
    precondition(!hasTail, "one file at a time")
    file = content
    loop.mark(self)
  }

  /// Moves at most `count` bytes of payload from another stream to what is to be sent: into a pipe
  /// where both are plain, else `room` bytes at the most into the output.
  public func moveBody(from other: inout ByteStream, count: Int, room: Int) -> StreamResult {
    precondition(!hasTail && room > 0, "there is no room")
    loop.mark(self)
    let pipes = pool.connector.pipes
    if !isTLS, !other.isTLS, let filled = pipes.take() {
      let result = other.splice(into: filled, count: min(count, pipes.bytesMax))
      if case .moved = result { pipe = filled } else { pipes.giveBack(filled) }
      return result
    }
    pool.connector.blocks.provide(&output, isLarge: true)
    return output.read(from: &other, atMost: min(count, room))
  }

  /// No more of the request follows.
  public func endRequest(isChunked: Bool) {
    if isChunked, !isWriteBroken { output.appendLastChunk() }
    isRequestWhole = true
    loop.mark(self)
  }

  /// No more of the tunnel's client follows.
  public func endTunnel() {
    endsWritesAfterFlush = true
    endRequest(isChunked: false)
  }

  /// Begins a request; before the first `send`.
  /// `isToHead`: its method is HEAD. `asksUpgrade`: it may be answered by another protocol.
  public func beginRequest(isToHead: Bool, asksUpgrade: Bool = false) {
    guard case .busy = state else { preconditionFailure("a request on a connection not acquired") }
    assert(!hasUnsent && input.isEmpty, "leftovers of the request before")
    response.reset(isToHead: isToHead, asksUpgrade: asksUpgrade)
    isRequestWhole = false
    isWriteBroken = false
    isReset = false
    endsWritesAfterFlush = false
    sentBytes = 0
    receivedBytes = 0
    isPeerGone = false
    writtenNanoseconds = loop.nowNanoseconds
    loop.mark(self)
  }

  /// The other side can take payload again, or its want has changed.
  public func reconsider() {
    // It was not the upstream that kept the other side waiting.
    readNanoseconds = loop.nowNanoseconds
    if response.holdsPayload || stream.hasHeldInput { loop.readyAgain(self) }
    loop.mark(self)
  }

  /// The exchange is over and takes its leave: the connection is kept where both messages are whole
  /// and nothing speaks against it, closed otherwise.
  public func release() {
    exchange = nil
    switch state {
    case .busy
    where response.isReusable && isRequestWhole && !hasUnsent && !isWriteBroken
      && input.isEmpty && !isPeerGone && !isTooOld && hasTakenRequest:
      answered += 1
      if receivedBytes < BlockPool.blockBytes { readsLarge = false }
      becomeIdle()
    case .closing, .closed: break
    default: close()
    }
  }

  /// False where the answer came before all of a large request was read: the rest may never be,
  /// and would stand before the next request.
  private var hasTakenRequest: Bool {
    sentBytes < Self.largeRequestBytes || stream.unacknowledgedBytes == 0
  }

  private static let largeRequestBytes = 64 * 1024

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
    dialedNanoseconds = loop.nowNanoseconds
    let wait = Int64(pool.settings.connectMilliseconds) * 1_000_000
    timeout?.set(atNanoseconds: dialedNanoseconds + wait)
    return true
  }

  /// Leaves the pool for an exchange; false, and closed, where it is of no use any more.
  ///
  /// It looks first, one system call: what came since the loop last asked epoll, an end or an
  /// answer to nothing, would be taken for the answer to this request.
  func reuse(for next: any UpstreamExchange) -> Bool {
    guard case .idle = state else { return false }
    if isTooOld || stream.hasInputOrEnded() {
      state = .busy  // as its pool counts it
      close()
      return false
    }
    state = .busy
    exchange = next
    return true
  }

  /// True where something has come, or the end, that no request was answered by.
  func hasInputOrEnded() -> Bool { stream.hasInputOrEnded() }

  /// Goes over from one exchange to one that waited for it.
  func serve(_ next: any UpstreamExchange) {
    state = .busy
    exchange = next
    next.onConnected(self)
  }

  var isTooOld: Bool {
    let lifetime = Int64(pool.settings.lifetimeMilliseconds) * 1_000_000
    return lifetime > 0 && loop.nowNanoseconds - openedNanoseconds > lifetime
  }

  func becomeIdle() {
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
    // A good-bye may stand behind the answer, in a record that OpenSSL has read already.
    if stream.hasHeldInput { loop.readyAgain(self) }
  }

  // MARK: Events

  public override func onHandshakeTurn() { shakeHands() }

  public override func onReady(_ readiness: Readiness) {
    switch state {
    case .handshaking: loop.queueHandshake(self)
    case .busy:
      if readiness.contains(.writable) { loop.mark(self) }
      if readiness.hasFailed, !wantsInput {
        stopWatching()
      } else if !readiness.isDisjoint(with: [.readable, .failed, .peerClosed]) {
        readInput()
      }
    case .idle: onReadyWhileIdle()
    case .dialing, .closing, .closed: break
    }
  }

  public override func onTimeout(_ timeout: Timeout) {
    if timeout === paceTimeout {
      if stream.descriptor >= 0 { pace.onPaused(on: stream) }
      return
    }
    switch state {
    case .dialing: fail(UpstreamFailure(.connectTimeout, .connect))
    case .handshaking: fail(UpstreamFailure(.tlsTimeout, .tls))
    case .busy:
      if hasUnsent {
        if isDraining(stallMilliseconds: pool.settings.idleMilliseconds) {
          loop.mark(self)
        } else {
          fail(.writeTimeout, .send)
        }
      } else if response.hasHead {
        fail(.bodyTimeout, .body)
      } else {
        fail(.firstByteTimeout, .firstByte)
      }
    case .idle: close()
    case .closing, .closed: break
    }
  }

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

  // MARK: The end

  /// Tells the exchange, which has no more to do with this connection.
  func fail(_ failure: UpstreamFailure) {
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
    paceTimeout = nil
    if stream.descriptor >= 0 {
      if !isUnwatched { loop.forget(descriptor: stream.descriptor) }
      stream.close()
    }
    dropTail()
    input.removeAll()
    output.removeAll()
    pool.connector.blocks.reclaim(&input)
    pool.connector.blocks.reclaim(&output)
  }
}
