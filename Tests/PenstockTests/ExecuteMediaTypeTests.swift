import Testing
import Wire

@testable import Penstock

@Suite struct ExecuteMediaTypeTests {
  private func type(_ text: String) -> MediaType { MediaType(Array(text.utf8).span) }

  @Test(arguments: [
    ("", MediaType.Kind.undeclared), ("application/json", .json), ("Application/JSON", .json),
    ("application/problem+json; a=b", .json), ("image/x+json", .json), ("text/json", .text),
    ("application/jsonx", .binary), ("application/+json", .binary), ("text/html", .text),
    ("text/html;", .text), ("text/html; charset", .text), ("TEXT/x-anything", .text),
    ("application/xml", .text), ("application/atom+xml", .text), ("image/svg+xml", .text),
    ("application/javascript", .text), ("application/x-www-form-urlencoded", .form),
    ("application/octet-stream", .binary), ("image/png", .binary), ("application/pdf", .binary),
    ("multipart/form-data; boundary=x", .binary), ("json", .binary), ("/", .binary),
    ("application/", .binary), ("text", .binary), ("application/x-ndjson", .binary),
  ])
  func knowsWhatABodyIs(text: String, kind: MediaType.Kind) {
    #expect(type(text).kind == kind)
  }

  @Test(arguments: [
    ("text/plain", MediaType.Charset.utf8), ("text/plain; charset=UTF-8", .utf8),
    ("text/plain;charset=\"utf-8\"", .utf8), ("text/plain; a=b; charset=us-ascii", .utf8),
    ("text/plain; a=\"x;charset=utf-16\" ; CharSet=ISO-8859-1", .latin1),
    ("text/plain;;charset=latin1", .latin1), ("text/plain; charset=Windows-1252", .windows1252),
    ("text/plain; charset=utf-16", .other), ("text/plain; charset=\"a\\\"b\"", .other),
    ("text/plain; charset=utf-16; charset=utf-8", .other), ("text/plain; charset=\"utf", .utf8),
  ])
  func readsTheCharset(text: String, charset: MediaType.Charset) {
    #expect(type(text).charset == charset)
  }

  @Test func takesJSONRequestsOnly() {
    func isTaken(_ text: String) -> Bool { MediaType.isJSONRequest(Array(text.utf8).span) }
    for text in [
      "application/json", "APPLICATION/json", "application/json; charset=utf-8",
      "application/json;charset=\"UTF-8\"", "application/json;", " application/json ",
    ] {
      #expect(isTaken(text), "\(text)")
    }
    for text in [
      "", "text/plain", "application/json; charset=utf-16", "application/problem+json",
      "application/json; profile=x", "application/json x", "application/json, text/plain",
      "application/json; charset", "application/json; charset=utf-8; x", "application/jso",
    ] {
      #expect(!isTaken(text), "\(text)")
    }
  }

  @Test func sendsWellFormedTypesOnly() {
    func isWellFormed(_ text: String) -> Bool { MediaType.isWellFormed(Array(text.utf8).span) }
    #expect(isWellFormed("image/png") && isWellFormed("text/plain; charset=\"a b\""))
    for text in [
      "", "x", "a/b c", "text/plain\r\nX: y", "text/plain; charset=\"a\r\n\"", "a/b;c", "a/b;c=",
      "a/b;c=\"", "a/b;c=d\0", "a/\(String(repeating: "b", count: 255))",
    ] {
      #expect(!isWellFormed(text), "\(text)")
    }
  }

  @Test func survivesMutationsAndSendsNoControls() {
    var random = ExecuteTestRandom(for: "survivesMutationsAndSendsNoControls")
    let whole = Array("text/plain; a=\"x;\\\"y\" ; charset=utf-8".utf8)
    for _ in 0..<20_000 {
      let text = random.mutated(whole, alphabet: Array("; =\"\\/\r\n".utf8))
      _ = MediaType(text.span)
      if MediaType.isWellFormed(text.span) {
        #expect(text.allSatisfy { $0 == 9 || $0 >= 0x20 && $0 != 0x7f })
      }
    }
  }
}
