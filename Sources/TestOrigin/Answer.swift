import Wire

/// One answer: takes in what it must know of the request's body, then writes itself in steps.
struct Answer: ~Copyable {
  /// What a step came to.
  enum Step {
    case again
    /// The next step is due after this time.
    case wait(nanoseconds: Int64)
    case ended
  }

  private enum Stage {
    case delay(milliseconds: Int)
    case head
    case pattern(offset: Int, left: Int)
    case events(next: Int)
  }

  private let request: OriginRequest
  private var stage: Stage
  private var echo = EchoDocument()
  private var receivedBytes = 0
  private var event = ByteBuffer()

  init(to request: OriginRequest) {
    self.request = request
    if case .slow(let milliseconds) = request.resource {
      stage = .delay(milliseconds: milliseconds)
    } else {
      stage = .head
    }
  }

  /// True where the connection goes on after this answer; a length that HTTP/1.0 cannot be told
  /// otherwise is told by the connection's end.
  var keepsAlive: Bool { request.keepsAlive && framing != .untilClose }

  // MARK: The request

  mutating func onHead(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
    if request.resource == .echo { echo.begin(head, bytes) }
  }

  mutating func onBody(_ payload: Span<UInt8>) {
    receivedBytes += payload.count
    if request.resource == .echo { echo.take(payload) }
  }

  mutating func onBodyEnded() {
    if request.resource == .echo { echo.end() }
  }

  // MARK: The answer

  /// Writes the next piece: a whole small answer, a block of a large one, an event.
  mutating func step(into output: inout ByteBuffer, _ context: OriginContext) -> Step {
    switch stage {
    case .delay(let milliseconds):
      stage = .head
      return .wait(nanoseconds: Int64(milliseconds) * 1_000_000)
    case .head: return writeHead(into: &output, context)
    case .pattern(let offset, let left): return writePattern(offset, left, into: &output)
    case .events(let next): return writeEvent(next, into: &output)
    }
  }

  /// Writes the answer to a request that was refused.
  static func write(
    _ refusal: OriginRefusal, into output: inout ByteBuffer, _ context: OriginContext
  ) {
    let request = OriginRequest.none
    Answer(to: request).writeStatus(refusal.status, into: &output, context)
  }

  private mutating func writeHead(into output: inout ByteBuffer, _ context: OriginContext) -> Step {
    switch request.resource {
    case .index: write("text/plain; charset=utf-8", Samples.index, into: &output, context)
    case .text, .slow:
      write("text/plain; charset=utf-8", Samples.text, into: &output, context)
    case .json: write("application/json", Samples.json, into: &output, context)
    case .png: write("image/png", Samples.png, into: &output, context)
    case .echo: write("application/json", echo.json.span, into: &output, context)
    case .upload: writeNumber("received", receivedBytes, status: 200, into: &output, context)
    case .status(let code): writeStatus(code, into: &output, context)
    case .unknown: writeStatus(404, into: &output, context)
    case .bytes(let count), .chunked(let count):
      head(200, "application/octet-stream").write(into: &output, context)
      stage = .pattern(offset: 0, left: count)
      return request.isHead ? .ended : .again
    case .stream:
      head(200, "text/event-stream").write(into: &output, context)
      stage = .events(next: 1)
      return request.isHead ? .ended : .again
    }
    return .ended
  }

  /// How the end of the body is told where it is not written in one piece.
  private var framing: Framing {
    switch request.resource {
    case .bytes(let count): .length(count)
    case .chunked, .stream: request.isOld ? .untilClose : .chunked
    default: .none
    }
  }

  private func head(_ status: Int, _ contentType: StaticString, length: Int? = nil) -> AnswerHead {
    AnswerHead(
      status: status, contentType: contentType, framing: length.map { .length($0) } ?? framing,
      keepsAlive: keepsAlive, isOld: request.isOld)
  }

  // MARK: Small answers

  private func write(
    _ contentType: StaticString, _ sample: [UInt8], into output: inout ByteBuffer,
    _ context: OriginContext
  ) {
    write(contentType, sample.span, into: &output, context)
  }

  private func write(
    _ contentType: StaticString, _ content: Span<UInt8>, status: Int = 200,
    into output: inout ByteBuffer, _ context: OriginContext
  ) {
    head(status, contentType, length: content.count).write(into: &output, context)
    if !request.isHead, status != 204, status != 304 { output.append(content) }
  }

  private func writeStatus(
    _ status: Int, into output: inout ByteBuffer, _ context: OriginContext
  ) {
    writeNumber("status", status, status: status, into: &output, context)
  }

  private func writeNumber(
    _ key: StaticString, _ value: Int, status: Int, into output: inout ByteBuffer,
    _ context: OriginContext
  ) {
    var json = ByteBuffer()
    json.append("{")
    JSONWriter.append(key: key, into: &json)
    json.append(decimal: value)
    json.append("}\n")
    write("application/json", json.span, status: status, into: &output, context)
  }

  // MARK: Long answers

  private mutating func writePattern(_ offset: Int, _ left: Int, into output: inout ByteBuffer)
    -> Step
  {
    let isChunked = framing == .chunked
    if left == 0 {
      if isChunked { output.appendLastChunk() }
      return .ended
    }
    let pattern = Samples.pattern
    let count = min(left, pattern.count - offset)
    let piece = pattern.span.extracting(offset..<(offset + count))
    if isChunked { output.appendChunk(piece) } else { output.append(piece) }
    stage = .pattern(offset: (offset + count) % pattern.count, left: left - count)
    return .again
  }

  private mutating func writeEvent(_ number: Int, into output: inout ByteBuffer) -> Step {
    guard case .stream(let events, let interval) = request.resource else { return .ended }
    if number <= events {
      event.removeAll()
      event.append("id: ")
      event.append(decimal: number)
      event.append("\ndata: {\"event\":")
      event.append(decimal: number)
      event.append("}\n\n")
      if request.isOld { output.append(event.span) } else { output.appendChunk(event.span) }
      stage = .events(next: number + 1)
      if number < events { return .wait(nanoseconds: Int64(interval) * 1_000_000) }
    }
    if !request.isOld { output.appendLastChunk() }
    return .ended
  }
}
