import Testing

@testable import Penstock

@Suite struct CompressionRuleTests {
  private func matches(_ type: String, _ compression: Compression = .auto) -> Bool {
    CompressionRule(compression).matches(Array(type.utf8).span)
  }

  private func custom(_ types: String...) -> Compression {
    .custom(types: types, bytesMin: 1, level: 9)
  }

  @Test func `each form has its numbers`() {
    let auto = CompressionRule(.auto)
    #expect(auto.isOn && auto.bytesMin == 256 && auto.level == 1)
    #expect(!CompressionRule(.off).isOn)
    let custom = CompressionRule(.custom(types: ["a/b"], bytesMin: 7, level: 9))
    #expect(custom.isOn && custom.bytesMin == 7 && custom.level == 9)
  }

  @Test(arguments: [
    "application/json", "Application/JSON", "application/json; charset=utf-8",
    "application/json;charset=utf-8", "application/json \t; x=y", "application/json;",
    "application/ld+json", "application/vnd.api+json; x=\"a;b\"", "application/geo+json",
    "application/graphql-response+json", "application/problem+json", "application/manifest+json",
    "application/x-ndjson", "text/html", "text/plain", "text/css", "text/javascript", "text/csv",
    "text/xml", "text/event-streams", "application/javascript", "application/x-javascript",
    "application/xml", "application/rss+xml", "application/atom+xml", "application/xhtml+xml",
    "image/svg+xml",
  ])
  func `what is text is compressed by default`(type: String) {
    #expect(matches(type))
    #expect(!matches(type, .off))
  }

  @Test(arguments: [
    "", ";", " ", "json", "text", "application/jsons", "application/octet-stream", "image/png",
    "image/jpeg", "video/mp4", "audio/mpeg", "application/zip", "application/gzip",
    "application/pdf", "font/woff2", "multipart/mixed", "application/grpc", "xtext/plain",
    "x application/json", "application/json x", "image/svg", "a;application/json", "*/*",
    "application/*+jso", "application/",
  ])
  func `what is not text, or no type, is not`(type: String) {
    #expect(!matches(type))
  }

  @Test(arguments: [
    "text/event-stream", "Text/Event-Stream", "text/event-stream; charset=utf-8",
    "text/event-stream ;x",
  ])
  func `an event stream never is, whatever the types say`(type: String) {
    #expect(!matches(type))
    #expect(!matches(type, custom("*/*", "text/*", "text/event-stream")))
  }

  @Test(arguments: [
    ("*/*", "a/b"), ("*/*", "image/png; x=y"), ("A/*", "a/b"), ("a/*", "A/"), ("a/*b*c", "a/xbyc"),
    ("a/*b*c", "a/bbc"), ("a/*b*c", "a/bcbc"), ("*a/*", "aaa/b"), ("a/**", "a/b"), ("a/b", "a/B"),
    ("a/*+b", "a/+b"), ("a/*+b", "a/b+b+b"), ("*/b", "a/b"), ("a/b*", "a/b"),
  ])
  func `a star stands for any run`(pattern: String, type: String) {
    #expect(matches(type, custom("x/y", pattern)))
  }

  @Test(arguments: [
    ("a/*", "b/a/x"), ("a/*+b", "a/b"), ("a/*+b", "a/+bc"), ("a/*b*c", "a/cb"), ("a/b", "a/bb"),
    ("a/b", "a/"), ("a/*", "a"), ("*/b", "a/bc"), ("a/?", "a/b"), ("a.b/c", "axb/c"), ("*/*", "a"),
  ])
  func `and for nothing else`(pattern: String, type: String) {
    #expect(!matches(type, custom("x/y", pattern)))
  }

  @Test func `a type longer than any is not looked at`() {
    let longest = "a/" + String(repeating: "b", count: 253)
    #expect(matches(longest, custom("*/*")))
    #expect(matches(longest + "; x=" + String(repeating: "y", count: 9000), custom("*/*")))
    #expect(!matches(longest + "b", custom("*/*")))
  }
}
