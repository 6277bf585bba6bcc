import Wire

/// What the envelope endpoint keeps of one exchange: the envelope on the way in, the answer on the
/// way out. Both are whole in memory, within their limits. One is reused by its worker.
final class ExecuteEnd {
  var envelope = ByteBuffer()
  var request = ExecuteRequest()
  var writer = EnvelopeWriter()
  var answer = ByteBuffer()
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
