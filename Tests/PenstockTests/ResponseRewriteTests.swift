import Body
import Testing
import Wire

@testable import Penstock

@Suite struct ResponseRewriteTests {
  private func rewritten(
    account: Account? = nil, framing: Framing = .length(5), coding: ResponseCoding = .asIs,
    isToHead: Bool = false, keepsAlive: Bool = true, minorVersion: Int = 1, _ lines: String...
  ) throws -> [String] {
    try rewritten(
      account: account, framing: framing, coding: coding, isToHead: isToHead,
      keepsAlive: keepsAlive, minorVersion: minorVersion, lines: lines)
  }

  private func rewritten(
    account: Account? = nil, framing: Framing = .length(5), coding: ResponseCoding = .asIs,
    isToHead: Bool = false, keepsAlive: Bool = true, minorVersion: Int = 1, lines: [String]
  ) throws -> [String] {
    let response = TestResponse(lines: lines)
    let account = try account ?? Account.at("https://good.com")
    var out = ByteBuffer()
    ResponseRewrite.append(
      response.head, response.bytes.span, account, framing: framing, coding: coding,
      isToHead: isToHead,
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

  @Test func `a field whose name holds a secret is left out, a word of a few letters is none`()
    throws
  {
    let account = try Account.at(
      "https://good.com", credential: .header([("X-A", "S3CR3T-KEY"), ("X-B", "1")]))
    let lines = try rewritten(
      account: account, "HTTP/1.1 200 OK", "S3CR3T-KEY: x", "X-S3CR3T-KEY-2: x", "X-1: x")
    #expect(lines[1] == "X-1: x" && !lines.joined().contains("S3CR3T"))
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

  @Test(arguments: [
    (Framing.none, 0, Framing.none), (.none, 1, .none), (.length(7), 0, .untilClose),
    (.length(7), 1, .chunked), (.chunked, 1, .chunked), (.chunked, 0, .untilClose),
    (.untilClose, 1, .chunked), (.untilClose, 0, .untilClose),
  ])
  func `a body that is coded anew has no length beforehand`(
    from: Framing, minorVersion: Int, to: Framing
  ) {
    let framing = ResponseRewrite.framing(from, toMinorVersion: minorVersion, isTransformed: true)
    #expect(framing == to)
  }

  // MARK: Codings

  private static let coded: [String] = [
    "Content-Type: text/plain", "Content-Length: 99", "Content-Encoding: was", "ETag: \"1\"",
    "Accept-Ranges: bytes", "Content-MD5: x", "Content-Digest: x", "Repr-Digest: x", "Digest: x",
    "Last-Modified: then",
  ]

  @Test(arguments: [
    (ContentCoding.gzip, "Content-Encoding: gzip"), (.deflate, "Content-Encoding: deflate"),
  ])
  func `what holds for the plain bytes alone does not pass with compressed ones`(
    coding: ContentCoding, field: String
  ) throws {
    let lines = try rewritten(
      framing: .chunked, coding: ResponseCoding(plan: .encode(coding), varies: true),
      lines: ["HTTP/1.1 200 OK"] + Self.coded)
    #expect(
      lines == [
        "HTTP/1.1 200 OK", "Content-Type: text/plain", "ETag: W/\"1\"", "Last-Modified: then",
        field, "Vary: Accept-Encoding", "x-request-id: id-1", "Transfer-Encoding: chunked",
      ])
  }

  @Test func `an unpacked body is said to be in no coding`() throws {
    let lines = try rewritten(
      framing: .untilClose, coding: ResponseCoding(plan: .decode(.gzip), varies: true),
      keepsAlive: false, minorVersion: 0, lines: ["HTTP/1.1 200 OK"] + Self.coded)
    #expect(
      lines == [
        "HTTP/1.1 200 OK", "Content-Type: text/plain", "ETag: W/\"1\"", "Last-Modified: then",
        "Vary: Accept-Encoding", "x-request-id: id-1", "Connection: close",
      ])
  }

  @Test func `a body that stays as it is keeps all that is said of it`() throws {
    let lines = try rewritten(
      framing: .length(99), coding: ResponseCoding(plan: .asIs, varies: true),
      lines: ["HTTP/1.1 200 OK"] + Self.coded)
    let kept = Self.coded.filter { !$0.hasPrefix("Content-Length") }
    #expect(
      lines == ["HTTP/1.1 200 OK"] + kept
        + ["Vary: Accept-Encoding", "x-request-id: id-1", "Content-Length: 99"])
  }

  @Test(
    arguments: [
      ("ETag: W/\"1\"", "ETag: W/\"1\""), ("etag: \"\"", "etag: W/\"\""), ("ETag: abc", nil),
      ("ETag: \"a\"b\"", nil), ("ETag:", nil), ("ETag: w/\"1\"", nil),
    ] as [(String, String?)])
  func `an entity tag that cannot be weakened goes`(field: String, expected: String?) throws {
    let coding = ResponseCoding(plan: .encode(.gzip), varies: true)
    let lines = try rewritten(framing: .chunked, coding: coding, "HTTP/1.1 200 OK", field)
    #expect(lines.first { $0.lowercased().hasPrefix("etag") } == expected)
    let plain = try rewritten("HTTP/1.1 200 OK", field)
    #expect(plain.contains { $0.hasPrefix(field) })
  }

  @Test(arguments: [
    (["Vary: Accept-Encoding"], false), (["vary: Origin,ACCEPT-ENCODING"], false),
    (["Vary: *"], false), (["Vary: a, *"], false),
    (["Vary: Origin", "Vary: accept-encoding"], false),
    ([], true), (["Vary: Origin"], true), (["Vary:"], true), (["Vary: Accept-Encodings"], true),
    (["Vary: **"], true), (["X-Vary: Accept-Encoding"], true),
    // One that Connection nominates is not passed on.
    (["Connection: vary", "Vary: Accept-Encoding"], true),
  ])
  func `caches are told once that the coding varies`(fields: [String], isAdded: Bool) throws {
    let without = try rewritten(lines: ["HTTP/1.1 200 OK"] + fields)
    let with = try rewritten(
      coding: ResponseCoding(varies: true), lines: ["HTTP/1.1 200 OK"] + fields)
    let place = try #require(without.firstIndex(of: "x-request-id: id-1"))
    var expected = without
    if isAdded { expected.insert("Vary: Accept-Encoding", at: place) }
    #expect(with == expected)
  }

  @Test func `a secret that comes back is told as three stars in a coded response, too`() throws {
    let account = try Account.at("https://good.com", credential: .bearer(token: "S3CR3T"))
    let lines = try rewritten(
      account: account, framing: .chunked,
      coding: ResponseCoding(plan: .encode(.gzip), varies: true), "HTTP/1.1 200 OK",
      "ETag: \"S3CR3T\"", "Vary: S3CR3T, Accept-Encoding", "Digest: S3CR3T", "Server: S3CR3T")
    #expect(
      lines == [
        "HTTP/1.1 200 OK", "ETag: ***", "Vary: ***", "Server: ***", "Content-Encoding: gzip",
        "Vary: Accept-Encoding", "x-request-id: id-1", "Transfer-Encoding: chunked",
      ])
  }

  // MARK: Another protocol

  private func switched(account: Account? = nil, _ fields: String...) throws -> [String] {
    let response = TestResponse(lines: ["HTTP/1.1 101 Whatever It Says"] + fields)
    var out = ByteBuffer()
    ResponseRewrite.appendSwitch(
      response.head, response.bytes.span, try account ?? Account.at("https://good.com"),
      requestID: Array("id-1".utf8).span, into: &out)
    let whole = text(out.span)
    #expect(whole.hasSuffix("\r\n\r\n"))
    return whole.split(separator: "\r\n").map(String.init)
  }

  @Test func `a 101 passes with the fields of its handshake, in their order`() throws {
    #expect(
      try switched(
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: x=", "X-A:",
        "Set-Cookie: a", "set-cookie: b", "Sec-WebSocket-Protocol: p")
        == [
          "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
          "Sec-WebSocket-Accept: x=", "X-A: ", "Set-Cookie: a", "set-cookie: b",
          "Sec-WebSocket-Protocol: p", "x-request-id: id-1",
        ])
  }

  @Test(arguments: [
    "Content-Length: 5", "content-length: 0", "Transfer-Encoding: chunked", "Keep-Alive: x",
    "X-Request-Id: theirs",
  ])
  func `a 101 has no body, and no connection that is kept`(field: String) throws {
    #expect(
      try switched("Upgrade: x", field, "X-B: 1")
        == ["HTTP/1.1 101 Switching Protocols", "Upgrade: x", "X-B: 1", "x-request-id: id-1"])
  }

  @Test func `a field that Connection nominates in a 101 is the handshake's, and passes`() throws {
    let lines = try switched("Connection: Upgrade, X-A", "X-A: 1", "Upgrade: x")
    #expect(lines.contains("X-A: 1") && lines.contains("Connection: Upgrade, X-A"))
  }

  @Test func `a secret that comes back in a 101 is told as three stars`() throws {
    let account = try Account.at("https://good.com", credential: .bearer(token: "S3CR3T"))
    let lines = try switched(account: account, "Upgrade: S3CR3T", "X-Echo: aS3CR3Tb", "X-P: S3CR3")
    #expect(lines[1...3] == ["Upgrade: ***", "X-Echo: ***", "X-P: S3CR3"])
    let longer = try Account.at("https://good.com", credential: .bearer(token: "S3CR3T-KEY"))
    let named = try switched(account: longer, "Upgrade: x", "X-S3CR3T-KEY: x", "X-P: x")
    #expect(named[1...2] == ["Upgrade: x", "X-P: x"])
  }
}
