import Testing
import Wire

@testable import Penstock

/// Under which conditions a file, or a part of it, is asked for (RFC 9110 §13).
@Suite struct FileWishTests {
  private func wish(_ fields: String..., isToHead: Bool = false) -> FileWish {
    let request = TestRequest(lines: ["GET /files/x HTTP/1.1", "Host: p"] + fields)
    return FileWish(
      request.head, request.bytes.span, entityTag: Array("\"tag\"".utf8), isToHead: isToHead)
  }

  @Test func `without conditions all is wanted`() {
    let plain = wish("Accept: */*")
    #expect(plain.range == nil && !plain.isKnown)
  }

  @Test(arguments: ["\"tag\"", "W/\"tag\"", "*", "\"a\", \"tag\"", "\"a\",W/\"tag\" , \"b\""])
  func `a client that has it need not get it`(value: String) {
    #expect(wish("If-None-Match: \(value)").isKnown)
  }

  @Test(arguments: [
    "\"other\"", "tag", "\"Tag\"", "\"tag", "\"tag\"\"tag\"", "w/\"tag\"", "**", "",
  ])
  func `a client that has something else gets it`(value: String) {
    #expect(!wish("If-None-Match: \(value)").isKnown)
  }

  @Test func `a part is given of what the client has a part of`() {
    let range = "Range: bytes=0-0"
    #expect(wish(range).range == .from(0, last: 0))
    #expect(wish(range, "If-Range: \"tag\"").range == .from(0, last: 0))
    #expect(wish("If-Range: \"tag\"", range).range == .from(0, last: 0))
    for other in ["\"other\"", "W/\"tag\"", "Sat, 29 Oct 2094 19:43:31 GMT", "*", ""] {
      #expect(wish(range, "If-Range: \(other)").range == nil)
      #expect(wish("If-Range: \(other)", range).range == nil)
    }
  }

  @Test func `HEAD has no parts, and two ranges are one too many`() {
    #expect(wish("Range: bytes=0-0", isToHead: true).range == nil)
    #expect(wish("Range: bytes=0-0", "Range: bytes=0-0").range == nil)
  }

  @Test func `dates are no conditions`() {
    let dated = wish(
      "If-Modified-Since: Sat, 29 Oct 2094 19:43:31 GMT",
      "If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT")
    #expect(!dated.isKnown)
  }
}
