import EventLoop
import Wire

/// One connection to the origin: reads a request, writes its answer, again and again, in order.
///
/// Owns its stream. The loop holds it while its descriptor is watched, nobody else does.
/// Back-pressure: it reads nothing while an answer is on its way, and writes no further ahead than
/// `outputBytesMax`.
final class OriginConnection: Watcher {
  private enum State {
    /// Between requests, or within a head.
    case head
    /// Within a request's body.
    case body
    /// The answer goes out as fast as the peer takes it.
    case answer
    /// The next piece of the answer waits for its time.
    case pause
    /// All is said: waits for the peer's end, so that no reset takes the answer away from it.
    case lingering
    case closed
  }

  private let context: OriginContext
  private var stream: ByteStream
  private var state = State.head
  private var interest = Readiness.readable
  private var input = ByteBuffer()
  private var output = ByteBuffer()
  private var head = RequestHead()
  private var decoder = BodyDecoder(.none, OriginContext.chunkLimits)
  private var answer = Answer(to: .none)
  private var hasInputEnded = false
  private var isBroken = false
  private var isShutDown = false
  private var wake: Timeout?
  private var idle: Timeout?

  init(descriptor: Int32, context: OriginContext) {
    self.context = context
    stream = ByteStream(descriptor: descriptor)
    super.init()
    wake = Timeout(owner: self, loop: context.loop)
    idle = Timeout(owner: self, loop: context.loop)
  }

  /// Hands itself over to the loop; where the kernel has no room, it closes by going away.
  func start() {
    if context.loop.watch(self, descriptor: stream.descriptor, interest: interest) {
      refreshIdle()
    }
  }

  // MARK: Events

  override func onReady(_ readiness: Readiness) {
    if !readiness.isDisjoint(with: .failed) {
      isBroken = true
    } else if wantsInput, readiness.contains(.readable) {
      read()
    }
    context.loop.mark(self)
  }

  override func onTimeout(_ timeout: Timeout) {
    if timeout === idle {
      isBroken = true
    } else if state == .pause {
      state = .answer
    }
    context.loop.mark(self)
  }

  override func onSettle() {
    if state == .closed { return }
    var rounds = 0
    repeat {
      advance()
      rounds += 1
    } while flush() && state == .answer && rounds < OriginContext.roundsPerTurn
    if state == .answer, output.isEmpty { context.loop.mark(self) }
    if state == .lingering, output.isEmpty, !isShutDown {
      stream.shutDownWrites()
      isShutDown = true
    }
    if isOver { return close() }
    giveMemoryBack()
    changeInterest()
    refreshIdle()
  }

  /// True exactly when nothing more can come of this connection.
  private var isOver: Bool {
    if isBroken { return true }
    return hasInputEnded && output.isEmpty
      && (state == .head || state == .body || state == .lingering)
  }

  private func close() {
    state = .closed
    wake?.clear()
    idle?.clear()
    context.loop.forget(descriptor: stream.descriptor)
    stream.close()
  }

  // MARK: Reading

  private var wantsInput: Bool {
    if hasInputEnded { return false }
    switch state {
    case .head, .body, .lingering: return input.count < OriginContext.inputBytesMax
    case .answer, .pause, .closed: return false
    }
  }

  private func read() {
    context.pool.provide(&input)
    var result = StreamResult.wouldBlock
    _ = input.fill(minimum: BlockPool.blockBytes / 4) { space in
      result = stream.read(into: space)
      if case .moved(let count) = result { return count }
      return 0
    }
    switch result {
    case .moved, .wouldBlock: break
    case .ended: hasInputEnded = true
    case .failed: isBroken = true
    }
  }

  /// Goes as far as the input and the room for output allow.
  private func advance() {
    while !isBroken {
      switch state {
      case .head: if !readHead() { return }
      case .body: if !readBody() { return }
      case .answer:
        if output.count >= OriginContext.outputBytesMax { return }
        takeStep()
      case .lingering:
        input.removeAll()
        return
      case .pause, .closed: return
      }
    }
  }

  /// False where more input is needed.
  private func readHead() -> Bool {
    if input.isEmpty { return false }
    switch head.parse(input.span, OriginContext.headLimits) {
    case .incomplete: return false
    case .failed(let fault): refuse(OriginRefusal(fault))
    case .complete:
      onHead(input.span)
      input.consume(head.byteCount)
      head.reset()
    }
    return true
  }

  private func onHead(_ bytes: Span<UInt8>) {
    do throws(OriginRefusal) {
      let request = try OriginRequest(head, bytes)
      answer = Answer(to: request)
      answer.onHead(head, bytes)
      decoder = BodyDecoder(request.framing, OriginContext.chunkLimits)
      if request.wantsContinue { output.append("HTTP/1.1 100 Continue\r\n\r\n") }
      state = .body
    } catch {
      refuse(error)
    }
  }

  /// False where more input is needed.
  private func readBody() -> Bool {
    var position = 0
    let event = decoder.next(input.span, &position)
    if case .payload(let count) = event {
      answer.onBody(input.span.extracting((position - count)..<position))
    }
    input.consume(position)
    switch event {
    case .needsMore: return false
    case .payload, .trailer: break
    case .ended:
      answer.onBodyEnded()
      state = .answer
    case .failed: refuse(OriginRefusal(status: 400))
    }
    return true
  }

  private func refuse(_ refusal: OriginRefusal) {
    Answer.write(refusal, into: &output, context)
    state = .lingering
  }

  // MARK: Writing

  private func takeStep() {
    context.pool.provide(&output)
    switch answer.step(into: &output, context) {
    case .again: break
    case .wait(let nanoseconds):
      state = .pause
      wake?.set(atNanoseconds: context.loop.nowNanoseconds + nanoseconds)
    case .ended: state = answer.keepsAlive ? .head : .lingering
    }
  }

  /// True where all output is with the kernel.
  private func flush() -> Bool {
    while !output.isEmpty, !isBroken {
      switch output.withUnsafeBytes({ stream.write($0) }) {
      case .moved(let count): output.consume(count)
      case .wouldBlock: return false
      case .ended, .failed: isBroken = true
      }
    }
    return output.isEmpty
  }

  // MARK: Housekeeping

  private func giveMemoryBack() {
    if input.isEmpty { context.pool.reclaim(&input) }
    if output.isEmpty { context.pool.reclaim(&output) }
  }

  private func changeInterest() {
    var wanted = Readiness()
    if wantsInput { wanted.insert(.readable) }
    if !output.isEmpty { wanted.insert(.writable) }
    if wanted == interest { return }
    interest = wanted
    context.loop.change(descriptor: stream.descriptor, interest: wanted)
  }

  /// A pause is the origin's own doing, and no reason to close.
  private func refreshIdle() {
    if state == .pause, output.isEmpty {
      idle?.clear()
      return
    }
    let allowed =
      state == .lingering ? OriginContext.lingeringNanoseconds : OriginContext.idleNanoseconds
    idle?.set(atNanoseconds: context.loop.nowNanoseconds + allowed)
  }
}
