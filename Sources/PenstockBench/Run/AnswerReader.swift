import Wire

/// Reads one answer off a connection's bytes: interim heads, the final head, the body, its end.
///
/// Pure, and allocates nothing. It keeps no payload; of an answer that is an error it keeps the
/// beginning where nobody has an example yet.
struct AnswerReader: ~Copyable {
  /// What it came to.
  enum Progress: Equatable {
    case needsMore
    case ended
    case failed(StaticString)

    static func == (first: Progress, second: Progress) -> Bool {
      switch (first, second) {
      case (.needsMore, .needsMore), (.ended, .ended): true
      case (.failed(let one), .failed(let other)): one.utf8Start == other.utf8Start
      default: false
      }
    }
  }

  private var head = ResponseHead()
  private var decoder = BodyDecoder(.none, .nothing)
  private var framing = Framing.none
  private var isToHead = false
  private var countsEvents = false
  private var interimAnswers = 0
  private var events = EventScanner()
  private(set) var hasHead = false
  private(set) var status = 0
  /// The connection can be used again (RFC 9112 §9.3).
  private(set) var keepsAlive = false
  private(set) var payloadBytes = 0
  /// Events that ended in the payload of the last `process`.
  private(set) var newEvents = 0

  mutating func reset(isToHead toHead: Bool, countsEvents counts: Bool) {
    head.reset()
    hasHead = false
    isToHead = toHead
    countsEvents = counts
    if counts { events = EventScanner() }
    interimAnswers = 0
    payloadBytes = 0
    keepsAlive = false
  }

  /// Takes what it can off `input`.
  mutating func process(_ input: inout ByteBuffer, _ tally: ThreadTally) -> Progress {
    newEvents = 0
    while !hasHead {
      if input.isEmpty { return .needsMore }
      switch head.parse(input.span, RunLimits.head) {
      case .incomplete: return .needsMore
      case .failed(.fieldsTooLarge): return .failed("the answer's head is too large")
      case .failed: return .failed("the answer's head is malformed")
      case .complete: break
      }
      if head.status < 200 {
        if head.status == 101 { return .failed("the answer changes the protocol unasked") }
        interimAnswers += 1
        if interimAnswers > RunLimits.interimAnswers { return .failed("too many interim answers") }
      } else if let fault = onFinalHead(input.span, tally) {
        return .failed(fault)
      }
      input.consume(head.byteCount)
      if !hasHead { head.reset() }
    }
    return processBody(&input, tally)
  }

  private mutating func onFinalHead(_ bytes: Span<UInt8>, _ tally: ThreadTally) -> StaticString? {
    status = head.status
    do throws(FramingFault) {
      framing = try Framing.ofResponse(head, bytes, isToHead: isToHead)
    } catch {
      return "the answer does not say where it ends"
    }
    let options = ConnectionOptions(head.fields, bytes)
    keepsAlive =
      !options.hasClose && (head.minorVersion == 1 || options.hasKeepAlive)
      && framing != .untilClose
    decoder = BodyDecoder(framing, RunLimits.chunks)
    hasHead = true
    if status >= 400, tally.wantsExample(ofStatus: status) {
      tally.beginExample(ofStatus: status, reason: bytes[head.reason])
    }
    return nil
  }

  private mutating func processBody(_ input: inout ByteBuffer, _ tally: ThreadTally) -> Progress {
    var position = 0
    defer { input.consume(position) }
    while true {
      switch decoder.next(input.span, &position) {
      case .needsMore: return .needsMore
      case .payload(let count):
        payloadBytes &+= count
        if countsEvents || tally.takesExample(ofStatus: status) {
          look(at: input.span.extracting((position - count)..<position), tally)
        }
      case .trailer: break
      case .ended:
        if status >= 400 { tally.endExample() }
        if position == input.count { return .ended }
        return .failed("more bytes than the answer should have")
      case .failed: return .failed("the answer's body is malformed")
      }
    }
  }

  private mutating func look(at payload: Span<UInt8>, _ tally: ThreadTally) {
    if countsEvents { newEvents += events.countEvents(in: payload) }
    if tally.takesExample(ofStatus: status) { tally.extendExample(by: payload) }
  }

  /// The server ended its side: nil where that ends the answer, too, and all of it is there.
  mutating func onInputEnded() -> StaticString? {
    if hasHead {
      return decoder.onInputEnded() ? nil : "the connection ended within the answer's body"
    }
    return head.hasStatusLine
      ? "the connection ended within the answer's head" : "the connection ended before the answer"
  }
}
