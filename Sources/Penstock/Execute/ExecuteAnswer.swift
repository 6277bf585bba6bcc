import Body
import Upstream
import Wire

/// The upstream's answer down, in an envelope.
///
/// At first it is held back. One that ends within the bound is known whole before anything of it
/// is written, so that whatever is wrong with it can be answered with an error. A longer one goes
/// out as it comes, through a stage that checks or escapes it: what breaks it then cuts the answer.
/// What is no text goes into a file, of which the envelope tells.
extension Exchange {
  // MARK: The head

  func onEnvelopeHead(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: Framing, _ account: Account
  ) {
    guard let execute else { return }
    // Nobody but this endpoint reads the body, which it has to see plain.
    var coding = ResponseCoding(
      toRead: head, bytes, framing: framing, isToHead: execute.isToHead)
    let limits = worker.configuration.limits
    let isBinary = MediaType(of: head, bytes).kind == .binary
    execute.answerBytesMax = isBinary ? limits.fileBytes : limits.executeResponseBytes
    record.sizeLimit = isBinary ? .fileBytes : .executeResponseBytes
    planResponseBody(&coding, framing, decodedBytesMax: execute.answerBytesMax)
    execute.status = head.status
    execute.beginHeaders()
    takeHeaders(head, bytes, account, isTransformed: coding.isTransformed, execute)
    execute.beginPace(atNanoseconds: worker.loop.nowNanoseconds)
    if case .length(let count) = framing, count > execute.answerBytesMax {
      fail(.upstreamResponseTooLarge, .body)
    }
  }

  private func takeHeaders(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ account: Account, isTransformed: Bool,
    _ execute: ExecuteEnd
  ) {
    let options = ConnectionOptions(head.fields, bytes)
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if field.known.isHopByHop { continue }
      if isTransformed, field.known.isBoundToCoding { continue }
      let name = bytes[field.name]
      if options.hasNominated, options.nominates(name, head.fields, bytes) { continue }
      if execute.request.isLeak(name: name, of: account) { continue }
      if execute.request.isLeak(bytes[field.value], of: account) {
        execute.writer.addHeader(name: name, value: redacted.span)
      } else {
        execute.writer.addHeader(name: name, value: bytes[field.value])
      }
    }
  }

  // MARK: The body

  /// Bytes of the answer have come, as the upstream sent them.
  func countEnvelopeBytes(_ count: Int) {
    guard let execute else { return }
    let fault = execute.fault(
      afterBytes: count, atNanoseconds: worker.loop.nowNanoseconds, worker.configuration.limits)
    if let fault { fail(fault, .body) }
  }

  /// Holds plain bytes of the answer back, until it is known what becomes of them.
  func onEnvelopeBody(_ payload: Span<UInt8>) {
    guard let execute else { return }
    if execute.form == .binary {
      appendToFile(payload)
      return
    }
    execute.answer.append(payload)
    if execute.writer.isBinary {
      beginFile(execute)
    } else if execute.answer.count > worker.configuration.limits.executeHeldBytes {
      beginLongEnvelope(execute)
    }
  }

  /// More has come than is held back: what it is is decided by how it begins.
  private func beginLongEnvelope(_ execute: ExecuteEnd) {
    let form = execute.formOfHeld
    if form == .binary {
      beginFile(execute)
      return
    }
    execute.form = form
    writeLongHead(execute, form)
  }

  private func writeLongHead(_ execute: ExecuteEnd, _ form: EnvelopeWriter.Form) {
    guard let client else { return }
    var stages = execute.stages(form)
    var fields = ByteBuffer()
    if let coding = envelopeCoding(bytes: nil, &fields),
      let encoder = worker.makeEncoder(coding, level: compression.level, .chunked)
    {
      stages.append(encoder)
      fields.appendField("Content-Encoding", coding.name)
    }
    if let responseStages {
      responseStages.append(stages, held: &execute.answer)
    } else {
      responseStages = BodyPipeline(stages, held: &execute.answer)
    }
    responseFraming = ResponseRewrite.framing(.chunked, toMinorVersion: minorVersion)
    if responseFraming == .untilClose || client.isLastRequest { state.onLastRequest() }
    // What waits for its rest may wait a little: nobody reads half of an envelope.
    hasKnownLength = true
    heldResponseNanoseconds = worker.loop.nowNanoseconds
    responseMark = OutputMark(client)
    let before = client.output.count
    worker.blocks.provide(&client.output)
    LocalResponse.appendHead(
      status: 200, contentType: "application/json", responseFraming, fields: fields, context,
      requestID: record.requestID.span, date: worker.date, into: &client.output)
    record.status = 200
    record.bytesSent += client.output.count - before
    state.onResponseBegun()
    setAnswerTimeout()
    record.addedNanoseconds += worker.loop.sinceTurnBegan()
    client.mark()
  }

  /// Who gets an answer as it comes waits for its next bytes, not for its end: from here on only
  /// the account's own time counts.
  private func setAnswerTimeout() {
    guard let account, let client else { return }
    let milliseconds = account.timeouts.totalMilliseconds
    if milliseconds > 0 {
      client.setExchangeTimeout(
        atNanoseconds: record.startNanoseconds + Int64(milliseconds) * 1_000_000)
    } else {
      client.clearExchangeTimeout()
    }
  }

  /// The coding that the client likes its envelope in, where that is worth it; says so in `fields`.
  /// `bytes`: its length, where that is known.
  private func envelopeCoding(bytes: Int?, _ fields: inout ByteBuffer) -> ContentCoding? {
    guard !forbidsTransforming, compression.applies(to: envelopeType.span, bytes: bytes) else {
      return nil
    }
    fields.append("Vary: Accept-Encoding\r\n")
    return accepted.preferred.map { ContentCoding($0) }
  }

  /// All of the answer has come.
  func onEnvelopeWhole() {
    guard let execute else { return }
    // What the upstream did not wait for is not fetched any more.
    endFetch()
    switch execute.form {
    case .binary: endFile(execute)
    case nil: answerShort(execute)
    case .json, .text, .null:
      settleReplay(.notKept, keeps: true)
      if responseFraming == .chunked { appendLastChunk() }
      state.onResponseWhole(endsConnection: responseFraming == .untilClose)
    }
  }

  /// The whole answer was held back.
  private func answerShort(_ execute: ExecuteEnd) {
    let form = execute.formOfWhole
    if form == .binary {
      beginFile(execute)
      if execute.form == .binary { endFile(execute) }
      return
    }
    var body = ByteBuffer()
    execute.write(form, into: &body)
    settleReplay(.envelope(Array(body)), keeps: true)
    answerEnvelope(body)
  }

  func answerEnvelope(_ body: borrowing ByteBuffer) {
    var fields = ByteBuffer()
    if execute?.isReplayed ?? false { fields.append("Idempotent-Replayed: true\r\n") }
    if let coding = envelopeCoding(bytes: body.count, &fields),
      let encoder = worker.makeEncoder(coding, level: compression.level, .length(body.count))
    {
      var coded = ByteBuffer()
      encoder.pass(body, into: &coded)
      fields.appendField("Content-Encoding", coding.name)
      answer(200, "application/json", body: coded, fields: fields, closes: false)
    } else {
      answer(200, "application/json", body: body, fields: fields, closes: false)
    }
    record.addedNanoseconds += worker.loop.sinceTurnBegan()
  }
}

private let redacted = Array("***".utf8)
private let envelopeType = Array("application/json".utf8)

extension BodyStage {
  /// Passes a whole body.
  fileprivate func pass(_ body: borrowing ByteBuffer, into out: inout ByteBuffer) {
    var position = 0
    let room = body.count + 4096
    while process(body.span, &position, into: &out, room: room) == .full {}
    while finish(into: &out, room: room) == .full {}
    close()
  }
}
