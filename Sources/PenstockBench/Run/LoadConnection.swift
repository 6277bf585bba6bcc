import EventLoop
import Wire

/// One connection of the generator: opens, sends a request, reads its answer, again and again.
///
/// Owns its stream. A failure is only noted in the events and told in the settle, where the stream
/// is closed; the object stays and dials anew for the next request.
final class LoadConnection: Watcher {
  enum State {
    /// Not connected.
    case cold
    case dialing
    case handshaking
    case idle
    /// A request is being sent or answered.
    case busy
    /// Answered, and to be closed.
    case closing
    /// Waits with its request's failure behind it: a server that is away is not asked in a loop.
    case pausing
  }

  unowned let thread: GeneratorThread
  /// Which of the plan's origins it leads to.
  let origin: Int
  var state = State.cold
  var stream = ByteStream(descriptor: -1)
  var interest = Readiness.readable
  var fault: String?
  var timeout: Timeout?
  /// Is to be opened though there is no request for it yet.
  var isOpening = false
  private var dialsFailed = 0

  // The request.
  var hasRequest = false
  var arrival = Arrival.none
  private var isLate = false
  /// When it began to be sent, with dialling where it had to; 0 before.
  var sentNanoseconds: Int64 = 0
  private var offset = 0

  // The answer.
  var input = ByteBuffer()
  var reader = AnswerReader()
  var hasInputEnded = false
  var lastEventNanoseconds: Int64 = 0
  /// Bytes that a slow reader may still read before its pause.
  var sipBytes = Int.max
  var sip: Timeout?

  init(thread: GeneratorThread, origin: Int) {
    self.thread = thread
    self.origin = origin
    super.init()
    timeout = Timeout(owner: self, loop: thread.loop)
    if thread.plan.readBytesPerSecond != nil { sip = Timeout(owner: self, loop: thread.loop) }
  }

  // MARK: What the thread asks for

  /// Opens without a request.
  func open() {
    isOpening = true
    thread.loop.mark(self)
  }

  /// Takes a request, and opens first where it has to. `isLate`: see `GeneratorThread.dispatch`.
  func begin(_ next: Arrival, isLate late: Bool) {
    assert(!hasRequest && (state == .idle || state == .cold))
    hasRequest = true
    arrival = next
    isLate = late
    sentNanoseconds = 0
    offset = 0
    if state == .idle { becomeBusy() }
    thread.loop.mark(self)
  }

  /// The run is over, and the stream that is being read is not.
  func cutStream() {
    guard hasRequest else { return }
    if reader.hasHead { thread.tally.streamsCut += 1 }
    hasRequest = false
    timeout?.clear()
    state = .closing
    thread.loop.mark(self)
  }

  private func becomeBusy() {
    state = .busy
    let request = thread.plan.requests[arrival.request]
    reader.reset(isToHead: request.isHead, countsEvents: thread.plan.countsEvents)
    lastEventNanoseconds = 0
    sipBytes = sipBytesMax
  }

  var sipBytesMax: Int {
    guard let rate = thread.plan.readBytesPerSecond else { return Int.max }
    return max(1, rate / Int(1_000_000_000 / RunLimits.sipNanoseconds))
  }

  // MARK: Events

  override func onReady(_ readiness: Readiness) {
    switch state {
    case .dialing: onDialed()
    case .handshaking: thread.loop.queueHandshake(self)
    case .idle: fail("an idle connection ended")
    case .busy:
      if readiness.contains(.readable) || readiness.hasFailed { read() }
      if readiness.contains(.writable) { thread.loop.mark(self) }
    case .cold, .closing, .pausing: break
    }
  }

  override func onTimeout(_ timeout: Timeout) {
    if timeout === sip {
      sipBytes = sipBytesMax
      if stream.isTLS { thread.loop.readyAgain(self) }
    } else if state == .pausing {
      state = .cold
      thread.onFree(self, isOpen: false)
      return
    } else {
      fail(timeoutCause)
    }
    thread.loop.mark(self)
  }

  private var timeoutCause: String {
    switch state {
    case .dialing: "timeout: not connected"
    case .handshaking: "timeout: no TLS handshake"
    default: reader.hasHead ? "timeout: the answer did not end" : "timeout: no answer"
    }
  }

  override func onSettle() {
    if let fault { return end(fault) }
    switch state {
    case .cold: if hasRequest || isOpening { dial() }
    case .busy: send()
    case .closing:
      closeStream()
      state = .cold
      thread.onFree(self, isOpen: false)
    case .dialing, .handshaking, .idle, .pausing: break
    }
    changeInterest()
  }

  /// Notes a failure for the settle; the first one counts.
  func fail(_ cause: String) {
    if fault == nil { fault = cause }
    thread.loop.mark(self)
  }

  // MARK: Opening

  private func dial() {
    let target = thread.plan.origins[origin]
    let now = Clock.monotonicNanoseconds()
    if hasRequest { sentNanoseconds = now }
    do throws(SystemFault) {
      stream = ByteStream(descriptor: try Socket.connect(to: target.address))
    } catch {
      return end("connect: \(StreamFault.text(error.number))")
    }
    if target.address.port != nil { Socket.setNoDelay(stream.descriptor) }
    if thread.plan.readBytesPerSecond != nil {
      Socket.setReceiveBuffer(stream.descriptor, bytes: RunLimits.slowReceiveBufferBytes)
    }
    state = .dialing
    hasInputEnded = false
    interest = .writable
    timeout?.set(atNanoseconds: now + thread.plan.timeoutNanoseconds)
    if !thread.loop.watch(self, descriptor: stream.descriptor, interest: interest) {
      stream.close()
      state = .cold
      end("connect: the kernel watches no more descriptors")
    }
  }

  private func onDialed() {
    let number = Socket.connectError(of: stream.descriptor)
    if number != 0 { return fail("connect: \(StreamFault.text(number))") }
    thread.loop.mark(self)
    guard thread.plan.origins[origin].isTLS, let context = thread.tlsContext else {
      return onOpen()
    }
    state = .handshaking
    let target = thread.plan.origins[origin]
    let isStarted = stream.startTLS(
      context, host: target.host, isAddress: target.isAddressLiteral,
      sessions: thread.sessions[origin])
    if !isStarted { return fail("TLS: no memory, or not a name for a certificate") }
    thread.loop.queueHandshake(self)
  }

  override func onHandshakeTurn() {
    if state != .handshaking || fault != nil { return }
    switch stream.handshake() {
    case .done: onOpen()
    case .wouldBlock: break
    case .untrusted:
      fail("TLS: the server's certificate is not trusted: \(stream.certificateFault ?? "")")
    case .failed: fail("TLS: the handshake failed, perhaps because the server speaks no TLS")
    }
    thread.loop.mark(self)
  }

  private func onOpen() {
    thread.tally.connectionsOpened += 1
    dialsFailed = 0
    state = .idle
    timeout?.clear()
    if isOpening {
      isOpening = false
      thread.onOpened(self, fault: nil)
    } else {
      becomeBusy()
    }
  }

  // MARK: Sending

  private func send() {
    let bytes = thread.plan.requests[arrival.request].bytes
    if offset == 0 { onSendingBegins() }
    var failure: String?
    bytes.withUnsafeBytes { all in
      while offset < all.count {
        switch stream.write(UnsafeRawBufferPointer(rebasing: all[offset...])) {
        case .moved(let count):
          offset &+= count
          thread.tally.sentBytes &+= count
        case .wouldBlock: return
        case .ended: return failure = "write: the connection ended"
        case .failed(let reason): return failure = "write: \(StreamFault.text(reason))"
        }
      }
    }
    // A server that has answered and closed is to be read to its end first.
    if let failure, hasInputEnded || !stream.hasInputOrEnded() { end(failure) }
  }

  private func onSendingBegins() {
    let now = Clock.monotonicNanoseconds()
    if sentNanoseconds == 0 {
      sentNanoseconds = now
      if !isLate, arrival.isCounted { thread.tally.onSent(lag: now - arrival.plannedNanoseconds) }
    }
    timeout?.set(atNanoseconds: now + thread.plan.timeoutNanoseconds)
    if arrival.isCounted { thread.tally.requestsSent &+= 1 }
  }

  var isSent: Bool { offset == thread.plan.requests[arrival.request].bytes.count }

  // MARK: Ends

  /// Closes, and tells what became of the request, if there was one.
  private func end(_ cause: String) {
    fault = nil
    let before = state
    if before == .pausing { return }
    closeStream()
    state = .cold
    if isOpening {
      isOpening = false
      return thread.onOpened(self, fault: cause)
    }
    guard hasRequest else {
      if before == .idle { thread.onIdleLost(self) }
      if before == .closing { thread.onFree(self, isOpen: false) }
      return
    }
    // It ended while it was idle, and was given a request in the same turn: that one dials anew.
    if before == .busy, sentNanoseconds == 0 { return thread.loop.mark(self) }
    tellFailure(cause)
    hasRequest = false
    let isDialFailed = before == .dialing || before == .handshaking || before == .cold
    dialsFailed = isDialFailed ? dialsFailed + 1 : 0
    if dialsFailed == 0 || thread.plan.schedule != nil {
      return thread.onFree(self, isOpen: false)
    }
    state = .pausing
    let pause = RunLimits.firstPauseNanoseconds << Int64(min(dialsFailed - 1, 10))
    timeout?.set(
      atNanoseconds: thread.loop.nowNanoseconds + min(pause, RunLimits.lastPauseNanoseconds))
  }

  private func tellFailure(_ cause: String) {
    if !arrival.isCounted { return }
    let target = thread.plan.requests[arrival.request].target
    let after = Double(thread.loop.nowNanoseconds - sentNanoseconds) / 1e9
    thread.tally.onFailure(
      target: target, cause: cause,
      example: "\(thread.plan.targets[target]), \(Figure.seconds(max(0, after))) after it was sent")
  }

  private func closeStream() {
    timeout?.clear()
    sip?.clear()
    input.removeAll()
    thread.pool.reclaim(&input)
    if stream.descriptor < 0 { return }
    thread.loop.forget(descriptor: stream.descriptor)
    stream.close()
  }

  private func changeInterest() {
    if stream.descriptor < 0 { return }
    var wanted = Readiness.readable
    switch state {
    case .dialing: wanted = .writable
    case .handshaking: if stream.readNeedsWritable { wanted = .writable }
    case .busy:
      if sipBytes == 0 { wanted = [] }
      if !isSent { wanted.insert(.writable) }
    case .cold, .idle, .closing, .pausing: break
    }
    if wanted == interest { return }
    interest = wanted
    thread.loop.change(descriptor: stream.descriptor, interest: wanted)
  }
}
