import Body
import Wire

/// What the envelope endpoint keeps of one exchange: the envelope on the way in, and of the answer
/// on the way out as much as is held back. One is reused by its worker.
final class ExecuteEnd {
  var envelope = ByteBuffer()
  var request = ExecuteRequest()
  var writer = EnvelopeWriter()
  var deadline = ExecuteDeadline()
  /// The id of the session in whose name the request is; empty where it names its account itself.
  var session = ByteBuffer()
  /// When the exchange has to be over, in loop time.
  var deadlineNanoseconds: Int64 = 0

  /// What the client calls the request, so that it is carried out once; nil where it does not.
  var idempotencyKey: [UInt8]?
  /// Of the envelope as it came, where it has such a key.
  private(set) var digest: KeyDigest?
  var replay = Exchange.Replay.none
  /// Its answer is another's.
  var isReplayed = false

  // The inner request's body.
  private var bodyCount = 0
  private var bodyPosition = 0
  /// How much of it stands behind the request's head.
  private var bodyAppended = 0
  /// All of it was given to the upstream's connection.
  var isBodySent = false
  /// Brings the body that stands behind a URL; nil once it is there, or where there is none.
  var fetch: BodyFetch?
  /// Where such a body goes.
  var destination: (Account, EndpointResolver.Resolved)?

  // The answer.
  /// What is held back of it, before it is known what it is.
  var answer = ByteBuffer()
  var status = 0
  /// What it is, once more has come than is held back; nil before.
  var form: EnvelopeWriter.Form?
  /// Takes what is no text; nil for all else, and once it is whole.
  var file: FileWriter?
  /// All of it has come, and only the disk is waited for.
  var isFileEnding = false
  /// The client's Host, for links.
  private var hostBytes = ByteBuffer()
  /// The most that may come, and what has come, content coding included.
  var answerBytesMax = 0
  private var answerBytes = 0
  /// When the answer's pace was last judged, and how much of it was there then.
  private var pacedNanoseconds: Int64 = 0
  private var pacedBytes = 0

  /// `holdsSecrets`: envelopes may bring credentials, so that nothing of one stays in memory.
  init(holdsSecrets: Bool) { envelope.holdsSecrets = holdsSecrets }

  /// Of the inner request.
  var isToHead: Bool { request.method == .head }

  var isSession: Bool { !session.isEmpty }

  /// Reads the envelope, which is whole.
  func parse(_ parser: inout ExecuteRequestParser) throws(ExecuteFault) {
    if idempotencyKey != nil { digest = KeyDigest(of: envelope.span) }
    try parser.parse(&envelope, isSession: isSession, into: &request)
  }

  /// Adds what the log tells of the inner request.
  func describe(in record: inout AccessRecord, fieldBytesMax: Int) {
    request.describe(in: &record, fieldBytesMax: fieldBytesMax)
    if isSession { record.describe(session: session) }
  }

  // MARK: The body up

  /// The inner request's framing; not of a body that is fetched.
  var framing: Framing {
    if let count = request.bodyCount { return .length(count) }
    return request.method.canHaveBody && request.method != .delete ? .length(0) : .none
  }

  /// The request's head is written: a body of at most `least` bytes is appended to it, a larger one
  /// stays in the envelope until it is sent.
  func beginBody(appendedUpTo least: Int, to target: inout ByteBuffer) {
    bodyCount = request.bodyCount ?? 0
    bodyPosition = 0
    isBodySent = false
    bodyAppended = 0
    if bodyCount > 0, bodyCount <= least { takeBody(atMost: bodyCount, into: &target) }
    bodyAppended = bodyPosition
  }

  /// What is sent again begins anew.
  func rewindBody() {
    bodyPosition = bodyAppended
    isBodySent = false
  }

  /// Bytes that were not taken yet.
  var bodyLeft: Int { bodyCount - bodyPosition }

  /// Appends the next bytes of the body.
  func takeBody(atMost count: Int, into target: inout ByteBuffer) {
    let end = bodyPosition + min(count, bodyLeft)
    request.appendBody(bodyPosition..<end, from: envelope, into: &target)
    bodyPosition = end
  }

  // MARK: The answer down

  func beginHeaders() { writer.beginHeaders(isSession: isSession) }

  /// What the answer is that begins with what is held back.
  var formOfHeld: EnvelopeWriter.Form { writer.form(ofPrefix: answer) }

  /// What the answer is that is held back as a whole.
  var formOfWhole: EnvelopeWriter.Form { writer.form(of: answer) }

  /// Appends the envelope of an answer that is held back as a whole.
  func write(_ form: EnvelopeWriter.Form, into target: inout ByteBuffer) {
    writer.append(form, status: status, body: answer, into: &target)
  }

  /// Appends the envelope of an answer that stands in a file.
  func write(_ data: BinaryData, into target: inout ByteBuffer) {
    writer.append(.binary, status: status, file: data, into: &target)
  }

  /// Hands over what is held back.
  func moveAnswer(to file: FileWriter) {
    file.append(answer)
    answer.removeAll()
  }

  /// The client's Host; `localhost` where it sent none.
  var host: [UInt8] { hostBytes.isEmpty ? Array("localhost".utf8) : Array(hostBytes) }

  func takeHost(_ host: Span<UInt8>) { hostBytes.append(host) }

  /// What a long answer passes on its way into the envelope.
  func stages(_ form: EnvelopeWriter.Form) -> [any BodyStage] {
    var prefix = ByteBuffer()
    var suffix = ByteBuffer()
    writer.appendHead(form, into: &prefix)
    writer.appendTail(form, status: status, into: &suffix)
    let content: any BodyStage =
      form == .json
      ? JSONStage(depthMax: EnvelopeWriter.jsonDepthMax) : TextStage(writer.charset)
    return [content, AffixStage(prefix: prefix, suffix: suffix)]
  }

  // MARK: The pace of an answer

  /// The answer has begun.
  func beginPace(atNanoseconds now: Int64) {
    answerBytes = 0
    pacedNanoseconds = now
    pacedBytes = 0
  }

  /// It was not the upstream that kept the answer waiting.
  func restartPace(atNanoseconds now: Int64) {
    pacedNanoseconds = now
    pacedBytes = answerBytes
  }

  /// More of the answer has come. What is wrong with that, if anything.
  func fault(
    afterBytes count: Int, atNanoseconds now: Int64, _ limits: Limits
  ) -> PenstockError? {
    answerBytes += count
    if answerBytes > answerBytesMax { return .upstreamResponseTooLarge }
    let elapsed = now - pacedNanoseconds
    if elapsed < Int64(limits.executeLowSpeedMilliseconds) * 1_000_000 { return nil }
    let wanted = Int64(limits.executeLowSpeedBytes) * elapsed / 1_000_000_000
    let got = Int64(answerBytes - pacedBytes)
    pacedNanoseconds = now
    pacedBytes = answerBytes
    return got < wanted ? .upstreamTooSlow : nil
  }

  /// Memory that stays for the next exchange, in bytes.
  private static let keptBytes = 64 * 1024

  /// Forgets all that it held.
  func reset() {
    if envelope.holdsSecrets { envelope.wipe() }
    envelope.removeAll()
    answer.removeAll()
    form = nil
    file?.cancel()
    file = nil
    isFileEnding = false
    hostBytes.removeAll()
    request.reset()
    idempotencyKey = nil
    digest = nil
    replay = .none
    fetch = nil
    destination = nil
    isReplayed = false
    session.removeAll()
    if envelope.capacity > Self.keptBytes { envelope.release() }
    if answer.capacity > Self.keptBytes { answer.release() }
  }
}

// A span of a class's buffer cannot be passed on beside it; the buffer itself can.

extension FileWriter {
  func append(_ payload: borrowing ByteBuffer) { append(payload.span) }
}

extension EnvelopeWriter {
  mutating func append(
    _ form: Form, status: Int, file: BinaryData, into target: inout ByteBuffer
  ) {
    append(form, status: status, body: Span(), file: file, into: &target)
  }

  borrowing func form(of body: borrowing ByteBuffer) -> Form { form(of: body.span) }

  borrowing func form(ofPrefix body: borrowing ByteBuffer) -> Form { form(ofPrefix: body.span) }

  mutating func append(
    _ form: Form, status: Int, body: borrowing ByteBuffer, into target: inout ByteBuffer
  ) {
    append(form, status: status, body: body.span, into: &target)
  }
}
