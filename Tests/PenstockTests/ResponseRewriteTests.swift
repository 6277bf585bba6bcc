import Testing
import Wire

@testable import Penstock

@Suite struct ResponseRewriteTests {
  private func rewritten(
    account: Account? = nil, framing: Framing = .length(5), isToHead: Bool = false,
    keepsAlive: Bool = true, minorVersion: Int = 1, _ lines: String...
  ) throws -> [String] {
    let response = TestResponse(lines: lines)
    let account = try account ?? Account.at("https://good.com")
    var out = ByteBuffer()
    ResponseRewrite.append(
      response.head, response.bytes.span, account, framing: framing, isToHead: isToHead,
      context: LocalResponse.Context(
        isHead: isToHead, keepsAlive: keepsAlive, minorVersion: minorVersion),
      requestID: Array("id-1".utf8).span, into: &out)
    let whole = text(out.span)
    #expect(whole.hasSuffix("\r\n\r\n"))
    return whole.split(separator: "\r\n").map(String.init)
  }

  @Test func `status and end-to-end fields pass as they are`() throws {
    #expect(
      try rewritten(
        "HTTP/1.1 207 Very  Odd", "Content-Type: a/b", "Set-Cookie: a", "Set-Cookie: b", "X-Empty:",
        "ETag: W/\"1\"", "Content-Encoding: gzip", "Date: x", "Server: y", "Proxy-Status: z")
        == [
          "HTTP/1.1 207 Very  Odd", "Content-Type: a/b", "Set-Cookie: a", "Set-Cookie: b",
          "X-Empty: ", "ETag: W/\"1\"", "Content-Encoding: gzip", "Date: x", "Server: y",
          "Proxy-Status: z", "x-request-id: id-1", "Content-Length: 5",
        ])
  }

  @Test(arguments: [
    "Connection: close", "Connection: keep-alive", "Keep-Alive: timeout=5", "Proxy-Connection: x",
    "Transfer-Encoding: chunked", "Trailer: x", "Upgrade: h2c", "TE: x", "Content-Length: 99",
    "X-Request-Id: theirs", "Proxy-Authenticate: Basic",
  ])
  func `the upstream's connection and framing are its own`(field: String) throws {
    #expect(
      try rewritten("HTTP/1.1 200 OK", field)
        == ["HTTP/1.1 200 OK", "x-request-id: id-1", "Content-Length: 5"])
  }

  @Test func `a field that Connection nominates does not pass`() throws {
    let lines = try rewritten("HTTP/1.1 200 OK", "Connection: X-Foo", "x-foo: 1", "X-Bar: 2")
    #expect(lines.contains("X-Bar: 2"))
    #expect(!lines.contains { $0.lowercased().hasPrefix("x-foo") })
  }

  @Test func `a secret that comes back is told as three stars`() throws {
    let account = try Account.at("https://good.com", credential: .bearer(token: "S3CR3T"))
    let lines = try rewritten(
      account: account, "HTTP/1.1 200 OK", "X-Echo: Bearer S3CR3T", "X-Inside: aS3CR3Tb",
      "X-Part: S3CR3",
      "Location: https://a/?t=S3CR3T")
    #expect(lines[1...4] == ["X-Echo: ***", "X-Inside: ***", "X-Part: S3CR3", "Location: ***"])
    #expect(!lines.joined().contains("S3CR3T"))
  }

  // MARK: Framing

  @Test func `the answer to HEAD, and a 304, keep the length that GET would have`() throws {
    let head = try rewritten(
      framing: .none, isToHead: true, "HTTP/1.1 200 OK", "Content-Length: 99")
    #expect(head.contains("Content-Length: 99"))
    let unchanged = try rewritten(framing: .none, "HTTP/1.1 304 Not Modified", "Content-Length: 99")
    #expect(unchanged.contains("Content-Length: 99"))
  }

  @Test func `a status without a body has no framing`() throws {
    let lines = try rewritten(framing: .none, "HTTP/1.1 204 No Content", "Content-Length: 99")
    #expect(lines == ["HTTP/1.1 204 No Content", "x-request-id: id-1"])
  }

  @Test func `a body without a known length is chunked, and ends the connection of HTTP 1.0`()
    throws
  {
    #expect(
      try rewritten(framing: .chunked, "HTTP/1.1 200 OK").last == "Transfer-Encoding: chunked")
    let old = try rewritten(
      framing: .untilClose, keepsAlive: false, minorVersion: 0, "HTTP/1.1 200 OK")
    #expect(old == ["HTTP/1.1 200 OK", "x-request-id: id-1", "Connection: close"])
  }

  @Test(arguments: [
    (Framing.none, 0, Framing.none), (.none, 1, .none), (.length(7), 0, .length(7)),
    (.length(7), 1, .length(7)), (.chunked, 1, .chunked), (.chunked, 0, .untilClose),
    (.untilClose, 1, .chunked), (.untilClose, 0, .untilClose),
  ])
  func `a framing goes on in the one that the client understands`(
    from: Framing, minorVersion: Int, to: Framing
  ) {
    #expect(ResponseRewrite.framing(from, toMinorVersion: minorVersion) == to)
  }

  @Test(
    arguments: [
      (true, 1, nil), (false, 1, "Connection: close"), (true, 0, "Connection: keep-alive"),
      (false, 0, "Connection: close"),
    ] as [(Bool, Int, String?)])
  func `the connection's future is said where the client cannot know it`(
    keepsAlive: Bool, minorVersion: Int, expected: String?
  ) throws {
    let lines = try rewritten(
      keepsAlive: keepsAlive, minorVersion: minorVersion, "HTTP/1.1 200 OK")
    #expect(lines.first { $0.hasPrefix("Connection") } == expected)
  }
}
