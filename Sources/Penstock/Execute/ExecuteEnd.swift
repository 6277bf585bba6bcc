import Wire

/// What the envelope endpoint keeps of one exchange: the envelope on the way in, the answer on the
/// way out. Both are whole in memory, within their limits. One is reused by its worker.
final class ExecuteEnd {
  var envelope = ByteBuffer()
  var request = ExecuteRequest()
  var writer = EnvelopeWriter()
  var answer = ByteBuffer()
  /// When the answer's pace was last judged, and how much of it was there then.
  private var pacedNanoseconds: Int64 = 0
  private var pacedBytes = 0
  var status = 0
  var deadline = ExecuteDeadline()
  /// When the exchange has to be over, in loop time.
  var deadlineNanoseconds: Int64 = 0

  /// Of the inner request.
  var isToHead: Bool { request.method == .head }

  /// Reads the envelope, which is whole.
  func parse(_ parser: inout ExecuteRequestParser) throws(ExecuteFault) {
    try parser.parse(envelope, into: &request)
  }

  /// Appends the inner request's body.
  func appendBody(into target: inout ByteBuffer) {
    request.appendBody(from: envelope, into: &target)
  }

  // MARK: The pace of an answer

  /// The answer has begun.
  func beginPace(atNanoseconds now: Int64) {
    pacedNanoseconds = now
    pacedBytes = 0
  }

  /// More of the answer has come; true where that is less than the limits ask for.
  func isTooSlow(atNanoseconds now: Int64, _ limits: Limits) -> Bool {
    let elapsed = now - pacedNanoseconds
    if elapsed < Int64(limits.executeLowSpeedMilliseconds) * 1_000_000 { return false }
    let wanted = Int64(limits.executeLowSpeedBytes) * elapsed / 1_000_000_000
    let got = Int64(answer.count - pacedBytes)
    pacedNanoseconds = now
    pacedBytes = answer.count
    return got < wanted
  }

  /// Memory that stays for the next exchange, in bytes.
  private static let keptBytes = 64 * 1024

  /// Forgets all that it held.
  func reset() {
    envelope.removeAll()
    answer.removeAll()
    request.reset()
    if envelope.capacity > Self.keptBytes { envelope.release() }
    if answer.capacity > Self.keptBytes { answer.release() }
  }
}
