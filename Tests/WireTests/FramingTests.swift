import Testing
import Wire

@Suite struct FramingTests {
  private enum Outcome: Equatable {
    case framing(Framing)
    case fault(FramingFault)
    case noHead(HeadProgress)
  }

  private func ofRequest(_ fields: String, version: String = "1.1") -> Outcome {
    let bytes = wire("POST / HTTP/\(version)⏎\(fields)⏎")
    var head = RequestHead()
    let progress = head.parse(bytes.span, usualLimits)
    guard progress == .complete else { return .noHead(progress) }
    do throws(FramingFault) {
      return .framing(try Framing.ofRequest(head, bytes.span))
    } catch {
      return .fault(error)
    }
  }

  private func ofResponse(
    _ fields: String, status: Int = 200, version: String = "1.1", isToHead: Bool = false
  ) -> Outcome {
    let bytes = wire("HTTP/\(version) \(status) x⏎\(fields)⏎")
    var head = ResponseHead()
    let progress = head.parse(bytes.span, usualLimits)
    guard progress == .complete else { return .noHead(progress) }
    do throws(FramingFault) {
      return .framing(try Framing.ofResponse(head, bytes.span, isToHead: isToHead))
    } catch {
      return .fault(error)
    }
  }

  // MARK: Requests

  @Test func `a request without either field has no body`() {
    #expect(ofRequest("") == .framing(.none))
    #expect(ofRequest("Transfer_Encoding: chunked⏎") == .framing(.none))
    #expect(ofRequest("Transfer_Encoding: chunked⏎Content-Length: 4⏎") == .framing(.length(4)))
  }

  @Test(arguments: [
    ("0", 0), ("5", 5), ("032", 32), ("0000000000000000032", 32),
    ("9223372036854775807", Int.max), ("  7\t", 7),
  ])
  func `a length is decimal, leading zeros or not`(value: String, expected: Int) {
    #expect(ofRequest("Content-Length: \(value)⏎") == .framing(.length(expected)))
    #expect(ofRequest("cOnTeNt-LeNgTh:\(value)⏎") == .framing(.length(expected)))
  }

  @Test(arguments: [
    "-1", "-0", "+5", "0x5", "0o5", "5.0", "5e0", "1_0", "\"5\"", "5;", "5x", "x5", ",5", "5,",
    "5 0", "", "99999999999999999999", "18446744073709551616", "9223372036854775808", "32, 32",
    "32, 5", "32,32", "0000000000000000000000032", "\u{b2}", "\u{a0}5", "5\u{85}",
  ])
  func `a length that is not plain digits is in doubt`(value: String) {
    #expect(ofRequest("Content-Length: \(value)⏎") == .fault(.malformed))
    #expect(ofResponse("Content-Length: \(value)⏎") == .fault(.malformed))
  }

  @Test(arguments: ["5", "6", "05"])
  func `two lengths are in doubt, even where they agree`(second: String) {
    let fields = "Content-Length: 5⏎Content-Length: \(second)⏎"
    #expect(ofRequest(fields) == .fault(.malformed))
    #expect(ofResponse(fields) == .fault(.malformed))
  }

  @Test(arguments: ["chunked", "Chunked", "CHUNKED", "\tchunked  "])
  func `chunked alone is a framing, in any case`(value: String) {
    #expect(ofRequest("Transfer-Encoding: \(value)⏎") == .framing(.chunked))
    #expect(ofRequest("tRANSFER-eNCODING:\(value)⏎") == .framing(.chunked))
    #expect(ofResponse("Transfer-Encoding: \(value)⏎") == .framing(.chunked))
  }

  @Test(arguments: [
    "Content-Length: 6⏎Transfer-Encoding: chunked⏎",
    "Transfer-Encoding: chunked⏎Content-Length: 6⏎",
    "content-length: 6⏎TRANSFER-ENCODING: Chunked⏎", "Transfer-Encoding: gzip⏎Content-Length: 6⏎",
    "Transfer-Encoding: chunked⏎Content-Length: 0⏎",
  ])
  func `a length beside a coding is in doubt, in either order`(fields: String) {
    #expect(ofRequest(fields) == .fault(.malformed))
    #expect(ofResponse(fields) == .fault(.malformed))
  }

  @Test(arguments: [
    "Transfer-Encoding: chunked⏎Transfer-Encoding: chunked⏎",
    "Transfer-Encoding: chunked, chunked⏎", "Transfer-Encoding: chunked, gzip⏎",
    "Transfer-Encoding: chunked, identity⏎", "Transfer-Encoding: ,chunked⏎",
    "Transfer-Encoding: chunked,⏎", "Transfer-Encoding:⏎", "Transfer-Encoding: gzip,,chunked⏎",
    "Transfer-Encoding: \u{a0}chunked⏎", "Transfer-Encoding: chunked\u{85}⏎",
    "Transfer-Encoding: chunked⏎Transfer-Encoding:⏎",
    "Transfer-Encoding:⏎Transfer-Encoding: chunked⏎",
  ])
  func `codings that two parsers could read in two ways are in doubt`(fields: String) {
    #expect(ofRequest(fields) == .fault(.malformed))
    #expect(ofResponse(fields) == .fault(.malformed))
  }

  @Test(arguments: ["\u{b}chunked", "\u{c}chunked", "chunked\0"])
  func `a control byte in a coding never gets as far as framing`(value: String) {
    #expect(ofRequest("Transfer-Encoding: \(value)⏎") == .noHead(.failed(.malformed)))
  }

  @Test(arguments: [
    "gzip, chunked", "gzip", "identity", "xchunked", "chunk", "cow", "\"chunked\"", "'chunked'",
    "chunked;q=1", "chunked ;q=1",
  ])
  func `any other coding is not implemented, and no body is guessed`(value: String) {
    #expect(ofRequest("Transfer-Encoding: \(value)⏎") == .fault(.codingNotImplemented))
    #expect(ofResponse("Transfer-Encoding: \(value)⏎") == .fault(.codingNotImplemented))
  }

  @Test func `chunked does not go with version 1_0`() {
    #expect(ofRequest("Transfer-Encoding: chunked⏎", version: "1.0") == .fault(.malformed))
    #expect(ofResponse("Transfer-Encoding: chunked⏎", version: "1.0") == .fault(.malformed))
    #expect(ofRequest("Content-Length: 1⏎", version: "1.0") == .framing(.length(1)))
  }

  // MARK: Responses

  @Test func `a response without either field ends with its connection`() {
    #expect(ofResponse("") == .framing(.untilClose))
    #expect(ofResponse("", version: "1.0") == .framing(.untilClose))
    #expect(ofResponse("Content-Length: 12⏎") == .framing(.length(12)))
  }

  @Test(arguments: [100, 103, 204, 304])
  func `a status without a body has none, whatever its fields say`(status: Int) {
    #expect(ofResponse("Content-Length: 12⏎", status: status) == .framing(.none))
    #expect(ofResponse("Transfer-Encoding: chunked⏎", status: status) == .framing(.none))
    #expect(ofResponse("", status: status) == .framing(.none))
  }

  @Test func `an answer to HEAD has no body, but fields in doubt are still refused`() {
    #expect(ofResponse("Content-Length: 12⏎", isToHead: true) == .framing(.none))
    #expect(ofResponse("Transfer-Encoding: chunked⏎", isToHead: true) == .framing(.none))
    #expect(ofResponse("Content-Length: x⏎", isToHead: true) == .fault(.malformed))
  }

  // MARK: Digits

  @Test(arguments: [
    ("0", 0), ("10", 10), ("9223372036854775807", Int.max), ("0000000000000000000", 0),
  ])
  func `a number is read`(digits: String, expected: Int) {
    #expect(Framing.decimal(wire(digits).span) == expected)
  }

  @Test(arguments: ["", "9223372036854775808", "9999999999999999999", "00000000000000000000", "1 "])
  func `what does not fit or is not digits is no number`(digits: String) {
    #expect(Framing.decimal(wire(digits).span) == nil)
  }
}
