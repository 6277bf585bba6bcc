import Testing
import Wire

@testable import Penstock

@Suite struct RequestRewriteTests {
  private func clientFields(
    _ account: Account, shown: Authenticator.Shown = .apiKeyField, _ fields: String...
  ) -> [String] {
    let request = TestRequest(lines: ["GET / HTTP/1.1"] + fields)
    var out = ByteBuffer()
    RequestRewrite.appendClientFields(
      request.head, request.bytes.span, account, shown: shown, into: &out)
    let lines = text(out.span).split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(lines.last == "")
    return lines.dropLast().map(String.init)
  }

  private static func plain() throws -> Account { try Account.at("https://good.com") }

  // MARK: What the client sent

  @Test func `end-to-end fields pass in order, byte for byte`() throws {
    let fields = clientFields(
      try Self.plain(), "User-Agent: a/1", "ACCEPT: */*", "Cookie: a=b", "X-A:", "X-A: \u{e9}\t2",
      "Accept-Encoding: gzip", "If-None-Match: \"x\"", "Via: 1.1 edge")
    #expect(
      fields == [
        "User-Agent: a/1", "ACCEPT: */*", "Cookie: a=b", "X-A: ", "X-A: \u{e9}\t2",
        "Accept-Encoding: gzip", "If-None-Match: \"x\"", "Via: 1.1 edge",
      ])
  }

  @Test(arguments: [
    "Connection: close", "Keep-Alive: 5", "Proxy-Connection: x", "TE: trailers", "Trailer: x",
    "Transfer-Encoding: chunked", "Upgrade: h2c", "HTTP2-Settings: x", "Proxy-Authorization: x",
    "Proxy-Authenticate: x", "Host: p", "Content-Length: 5", "Expect: 100-continue",
    "x-api-key: k1", "X-API-KEY: k1", "x-request-id: 1", "Forwarded: for=a",
    "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: a", "X-Forwarded-Proto: a",
    "X-Forwarded-Port: 1", "traceparent: 00", "tracestate: a=b", "cONNECTION: close",
  ])
  func `what belongs to this connection or to Penstock does not pass`(field: String) throws {
    #expect(
      clientFields(try Self.plain(), "X-Before: 1", field, "X-After: 2")
        == ["X-Before: 1", "X-After: 2"])
  }

  @Test func `a field that Connection nominates does not pass`() throws {
    let account = try Self.plain()
    #expect(
      clientFields(
        account, "X-Foo: 1", "Connection: close, x-foo", "X-Bar: 2", "Connection:x-BAR ,,",
        "X-Food: 3") == ["X-Food: 3"])
  }

  @Test func `nominating cannot strip what Penstock adds`() throws {
    let account = try Account.at(
      "https://good.com", credential: .bearer(token: "S"),
      headers: [AccountHeader(name: "X-Version", value: "1")])
    let fields = "Connection: Authorization, X-Version, Via, x-request-id"
    #expect(clientFields(account, fields) == [])
    let own = ownFields(account)
    #expect(own.contains("Authorization: Bearer S") && own.contains("X-Version: 1"))
    #expect(own.contains("Via: 1.1 penstock") && own.contains("x-request-id: id-1"))
  }

  // MARK: The API key

  @Test func `a bearer token that was the key does not pass`() throws {
    let account = try Self.plain()
    let field = "Authorization: Bearer k1"
    #expect(clientFields(account, shown: .authorization, field) == [])
    #expect(clientFields(account, shown: .apiKeyField, field) == [field])
    #expect(clientFields(account, shown: .nowhere, field) == [field])
  }

  @Test(arguments: [Authenticator.Shown.nowhere, .apiKeyField, .authorization])
  func `x-api-key never passes`(shown: Authenticator.Shown) throws {
    #expect(clientFields(try Self.plain(), shown: shown, "X-Api-Key: k1") == [])
  }

  // MARK: The account's slots

  @Test(arguments: [
    "Authorization: Bearer evil", "authorization: x", "X-Tenant: evil", "x_tenant: evil",
    "X_TENANT: evil",
  ])
  func `a field in a slot of the account does not pass, underscore or hyphen`(
    field: String
  ) throws {
    let account = try Account.at(
      "https://good.com", credential: .bearer(token: "S"),
      headers: [AccountHeader(name: "X-Tenant", value: "1")])
    #expect(clientFields(account, field, "X-Tenants: 2") == ["X-Tenants: 2"])
  }

  @Test func `a slot that is written with an underscore is matched by a hyphen`() throws {
    let account = try Account.at(
      "https://good.com", credential: .header([(name: "X_Secret_Key", value: "S")]))
    #expect(
      clientFields(account, "X-Secret-Key: a", "x_secret-key: b", "X-Secret: c")
        == ["X-Secret: c"])
  }

  // MARK: What Penstock adds

  private func ownFields(_ account: Account) -> [String] {
    var out = ByteBuffer()
    RequestRewrite.appendOwnFields(account, requestID: Array("id-1".utf8).span, into: &out)
    let whole = text(out.span)
    #expect(whole.hasSuffix("\r\n") && !whole.hasSuffix("\r\n\r\n"))
    return whole.split(separator: "\r\n").map(String.init)
  }

  @Test func `Via and the request id are added, then the account's fields, then the credential`()
    throws
  {
    let account = try Account.at(
      "https://good.com",
      credential: .header([(name: "X-Key", value: "S1"), (name: "X-Other-Key", value: "S2")]),
      headers: [AccountHeader(name: "X-Version", value: "2022-11-28")])
    #expect(
      ownFields(account) == [
        "Via: 1.1 penstock", "x-request-id: id-1", "X-Version: 2022-11-28", "X-Key: S1",
        "X-Other-Key: S2",
      ])
  }

  @Test func `an account without a credential adds none`() throws {
    #expect(ownFields(try Self.plain()) == ["Via: 1.1 penstock", "x-request-id: id-1"])
  }

  // MARK: Framing

  @Test(arguments: [
    (Framing.chunked, "POST", "Transfer-Encoding: chunked\r\n"),
    (.length(5), "GET", "Content-Length: 5\r\n"), (.length(0), "GET", "Content-Length: 0\r\n"),
    (.none, "GET", ""), (.none, "DELETE", ""), (.none, "OPTIONS", ""),
    (.none, "POST", "Content-Length: 0\r\n"), (.none, "PUT", "Content-Length: 0\r\n"),
    (.none, "PATCH", "Content-Length: 0\r\n"),
  ])
  func `a body's framing is said, and its absence where it means something`(
    framing: Framing, method: String, expected: String
  ) {
    var out = ByteBuffer()
    RequestRewrite.appendFraming(framing, method: Array(method.utf8).span, into: &out)
    #expect(text(out.span) == expected)
  }

  // MARK: A credential in the query

  @Test(arguments: [
    ("", ""), ("a=1", "?a=1"), ("api_key=evil", ""), ("a=1&api_key=evil&b", "?a=1&b"),
    ("API_KEY=evil&a", "?a"), ("api%5fkey=evil", ""), ("%61pi_key", ""), ("api_key", ""),
    ("api_keys=1&xapi_key=2", "?api_keys=1&xapi_key=2"), ("a=api_key=1", "?a=api_key=1"),
    ("a=%2B+%20&b==", "?a=%2B+%20&b=="), ("api_key=1&api_key=2&api_key=3", ""),
    ("&a&&", "?&a&"), ("api_key%3D=1", "?api_key%3D=1"),
  ])
  func `the client's query passes without the slot of the credential`(
    query: String, expected: String
  ) {
    let slot = QuerySlot(name: "api_key", value: Array("S".utf8))
    var out = ByteBuffer()
    let hasAny = RequestRewrite.appendQuery(Array(query.utf8).span, without: slot, into: &out)
    #expect(text(out.span) == expected)
    #expect(hasAny == !expected.isEmpty)
  }

  // MARK: Another protocol

  private func upgrade(_ fields: [String], version: String = "HTTP/1.1") -> String? {
    let request = TestRequest(lines: ["GET / \(version)", "Host: p"] + fields)
    #expect(request.progress == .complete)
    let slice = RequestRewrite.upgrade(request.head, request.bytes.span)
    return slice.map { text(request.bytes.span[$0]) }
  }

  private static let connection = "Connection: Upgrade"

  @Test(
    arguments: [
      ([connection, "Upgrade: websocket"], "websocket"),
      (["Upgrade: websocket", connection], "websocket"),
      (["UPGRADE: WebSocket", "CONNECTION: upgrade"], "WebSocket"),
      (["Connection: keep-alive, Upgrade", "Upgrade: foo/2"], "foo/2"),
      (["Connection: keep-alive", "Connection: x,upgrade ,", "Upgrade: foo"], "foo"),
      // The first of a list that may pass.
      ([connection, "Upgrade: a, b"], "a"), ([connection, "Upgrade: , ,\t a \t,b"], "a"),
      ([connection, "Upgrade: a", "Upgrade: b"], "a"),
      ([connection, "Upgrade:", "Upgrade: b"], "b"),
      // HTTP/2 is for connections, and this one is Penstock's.
      ([connection, "Upgrade: h2c, websocket"], "websocket"),
      ([connection, "Upgrade: H2C", "Upgrade: websocket"], "websocket"),
      ([connection, "Upgrade: h2c, H2, h2C, a"], "a"), ([connection, "Upgrade: h, a"], "h"),
      ([connection, "Upgrade: xh2c"], "xh2c"),
    ] as [([String], String)])
  func `the first protocol that a client would rather speak is asked for`(
    fields: [String], expected: String
  ) {
    #expect(upgrade(fields) == expected)
  }

  @Test(arguments: ["h2c", "H2C", "h2C", "H2c", "h2", "H2", "h2c, h2", "h2-14", ",h2c,"])
  func `HTTP 2 is not asked for, in any case`(value: String) {
    #expect(upgrade([Self.connection, "Upgrade: \(value)"]) == nil)
    #expect(upgrade([Self.connection, "HTTP2-Settings: x", "Upgrade: \(value)"]) == nil)
  }

  @Test(arguments: [
    [], [connection], ["Upgrade: websocket"], ["Connection: close", "Upgrade: websocket"],
    ["Connection: keep-alive", "Upgrade: websocket"], ["Connection:", "Upgrade: websocket"],
    ["Connection: Upgrades", "Upgrade: websocket"],
    ["Connection: websocket", "Upgrade: websocket"],
    ["X-Connection: Upgrade", "Upgrade: websocket"], [connection, "X-Upgrade: websocket"],
    [connection, "Upgrade:"], [connection, "Upgrade: , ,"],
  ])
  func `without both fields, and one that names the other, nothing is asked for`(fields: [String]) {
    #expect(upgrade(fields) == nil)
  }

  @Test func `a client of HTTP 1.0 cannot ask`() {
    #expect(upgrade([Self.connection, "Upgrade: websocket"], version: "HTTP/1.0") == nil)
  }

  @Test func `the wish for another protocol goes in front, and trailers are not asked for then`()
    throws
  {
    let bytes = Array("GET / websocket".utf8)
    var out = ByteBuffer()
    RequestRewrite.appendOwnFields(
      try Self.plain(), requestID: Array("id-1".utf8).span, takesTrailers: true,
      upgrade: Slice(start: 6, count: 9), of: bytes.span, into: &out)
    #expect(
      text(out.span) == "Connection: Upgrade\r\nUpgrade: websocket\r\nVia: 1.1 penstock\r\n"
        + "x-request-id: id-1\r\n")
    out.removeAll()
    RequestRewrite.appendOwnFields(
      try Self.plain(), requestID: Array("id-1".utf8).span, takesTrailers: true, into: &out)
    #expect(
      text(out.span) == "TE: trailers\r\nConnection: TE\r\nVia: 1.1 penstock\r\n"
        + "x-request-id: id-1\r\n")
  }

  @Test(arguments: [true, false])
  func `what is said of bytes that are coded anew does not pass`(isTransformed: Bool) throws {
    let fields = [
      "Content-Type: a/b", "Content-Encoding: gzip", "Content-MD5: x", "Digest: x",
      "Content-Digest: x", "Repr-Digest: x", "X-A: 1", "content-length: 5",
    ]
    let request = TestRequest(lines: ["POST / HTTP/1.1"] + fields)
    var out = ByteBuffer()
    RequestRewrite.appendClientFields(
      request.head, request.bytes.span, try Self.plain(), shown: .nowhere,
      isTransformed: isTransformed, into: &out)
    let kept = isTransformed ? [fields[0], fields[6]] : Array(fields.dropLast())
    #expect(text(out.span) == kept.map { $0 + "\r\n" }.joined())
  }
}
