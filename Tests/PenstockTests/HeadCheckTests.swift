import Testing
import Wire

@testable import Penstock

@Suite struct HeadCheckTests {
  private func check(_ lines: String...) -> HeadCheck {
    let request = TestRequest(lines: lines)
    let progress = request.progress
    #expect(progress == .complete)
    return HeadCheck(request.head, request.bytes.span)
  }

  private func check(field: String) -> HeadCheck { check("POST / HTTP/1.1", "Host: p", field) }

  // MARK: Host

  @Test(arguments: ["p", "P.", "p:80", "[::1]:80", "127.0.0.1", "a-b.c_d~"])
  func `a host by the grammar passes`(host: String) {
    #expect(check("GET / HTTP/1.1", "hoSt:\(host)").fault == nil)
  }

  @Test(arguments: [
    "", "a b", "a,b", "u@p", "p/x", "p:99999", "p:1:2", "[::1", ".", "p:8a", "[]", "::1", "p:-1",
    "p?x", "p%2e",
  ])
  func `any other host is malformed`(host: String) {
    #expect(check("GET / HTTP/1.1", "Host: \(host)").fault == .malformedRequest)
  }

  @Test func `HTTP 1.1 names one host, and HTTP 1.0 may do without`() {
    #expect(check("GET / HTTP/1.1").fault == .malformedRequest)
    #expect(check("GET / HTTP/1.0").fault == nil)
    for version in ["1.0", "1.1"] {
      let start = "GET / HTTP/\(version)"
      #expect(check(start, "Host: p", "Host: p").fault == .malformedRequest)
      #expect(check(start, "Host: p", "Host: q").fault == .malformedRequest)
    }
  }

  @Test func `an absolute target agrees with the host`() {
    #expect(check("GET http://p/healthz HTTP/1.1", "Host: p").fault == nil)
    #expect(check("GET http://P:80/healthz HTTP/1.1", "Host: p:80").fault == nil)
    #expect(check("GET http://evil/healthz HTTP/1.1", "Host: p").fault == .malformedRequest)
    #expect(check("GET http://p:80/healthz HTTP/1.1", "Host: p").fault == .malformedRequest)
    #expect(check("GET http://u@p/healthz HTTP/1.1", "Host: p").fault == .malformedRequest)
  }

  // MARK: The trace

  @Test func `a trace is the client's where it stands there once`() {
    let lines = ["GET / HTTP/1.1", "Host: p", "traceparent: a", "TraceParent: b", "traceparent: a"]
    for (count, isThere) in [(2, false), (3, true), (4, false), (5, false)] {
      let request = TestRequest(lines: Array(lines.prefix(count)))
      let check = HeadCheck(request.head, request.bytes.span)
      #expect((check.traceparent != nil) == isThere)
      #expect(check.fault == nil)
    }
  }

  // MARK: Singletons

  @Test(arguments: [
    ("Content-Type: a/b", "Content-Type: a/b"), ("X-API-Key: k", "x-api-key: k"),
    ("Authorization: a", "authorization: b"),
  ])
  func `a field that may stand once stands once`(first: String, second: String) {
    #expect(check("GET / HTTP/1.1", "Host: p", first).fault == nil)
    #expect(check("GET / HTTP/1.1", "Host: p", first, second).fault == .malformedRequest)
  }

  // MARK: Framing

  @Test func `the framing is what the fields say`() {
    #expect(check("GET / HTTP/1.1", "Host: p").framing == .none)
    #expect(check(field: "Content-Length: 032").framing == .length(32))
    #expect(check(field: "Transfer-Encoding: Chunked").framing == .chunked)
  }

  @Test(arguments: [
    "Content-Length: +5", "Content-Length: 5, 5", "Content-Length:", "Transfer-Encoding: chunked,",
    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked, gzip",
  ])
  func `framing in doubt is malformed`(field: String) {
    #expect(check(field: field).fault == .malformedRequest)
  }

  @Test func `a length beside a coding, and two lengths, are malformed`() {
    let length = "Content-Length: 5"
    for other in ["Transfer-Encoding: chunked", "Content-Length: 5", "Content-Length: 6"] {
      #expect(
        check("POST / HTTP/1.1", "Host: p", length, other).fault == .malformedRequest)
      #expect(
        check("POST / HTTP/1.1", "Host: p", other, length).fault == .malformedRequest)
    }
    #expect(
      check("POST / HTTP/1.0", "Host: p", "Transfer-Encoding: chunked").fault == .malformedRequest)
  }

  @Test(arguments: ["gzip, chunked", "gzip", "identity", "xchunked", "chunked;q=1", "\"chunked\""])
  func `a coding that nobody undoes is not implemented`(coding: String) {
    #expect(check(field: "Transfer-Encoding: \(coding)").fault == .notImplemented)
  }

  // MARK: Expectations

  @Test func `100-continue is the one expectation`() {
    let expecting = check(field: "Expect: 100-Continue")
    #expect(expecting.expectsContinue)
    #expect(expecting.fault == nil)
    #expect(!check("GET / HTTP/1.1", "Host: p").expectsContinue)
  }

  @Test(arguments: ["y 100-continue", "100-continue, x", "", "100-continu", "\"100-continue\""])
  func `any other expectation fails`(value: String) {
    #expect(check(field: "Expect: \(value)").fault == .expectationFailed)
  }

  @Test func `two expectations fail`() {
    let twice = check(
      "POST / HTTP/1.1", "Host: p", "Expect: 100-continue", "Expect: 100-continue")
    #expect(twice.fault == .expectationFailed)
  }

  // MARK: Connection and request id

  @Test(arguments: [
    ("1.1", "X-A: b", true), ("1.1", "Connection: close", false),
    ("1.1", "Connection: keep-alive, Close", false), ("1.1", "Connection: x-a", true),
    ("1.0", "X-A: b", false), ("1.0", "Connection: Keep-Alive", true),
    ("1.0", "Connection: keep-alive, close", false),
  ])
  func `the connection goes on as version and options say`(
    version: String, field: String, keepsAlive: Bool
  ) {
    #expect(check("GET / HTTP/\(version)", "Host: p", field).keepsAlive == keepsAlive)
  }

  @Test(arguments: [
    ("abc-DEF_1.2", true), (String(repeating: "a", count: 64), true),
    (String(repeating: "a", count: 65), false), ("", false), ("a b", false), ("a\"b", false),
    ("a%0d%0ab", false), ("a/b", false), ("\u{e9}", false),
  ])
  func `a request id is taken over where it is plain`(id: String, isTaken: Bool) {
    let request = TestRequest("GET / HTTP/1.1", "Host: p", "X-Request-Id: \(id)")
    let taken = HeadCheck(request.head, request.bytes.span).requestID
    #expect(taken.map { text(request.bytes.span[$0]) } == (isTaken ? id : nil))
  }

  @Test func `the first fault is the one that is told`() {
    let twice = check("POST / HTTP/1.1", "Host: p", "Expect: no", "Transfer-Encoding: gzip")
    #expect(twice.fault == .expectationFailed)
  }
}
