import Testing
import Wire

@testable import Penstock

@Suite struct InlineCredentialTests {
  /// What becomes of a credential of an envelope, by what the injector does with it.
  private enum Outcome: Equatable {
    case sent(fields: String, target: String)
    case refused(PenstockError)
    case malformed(ExecuteFault)
  }

  private static let own = "own-secret"

  private static func account(_ kind: String, headers: [AccountHeader] = []) throws -> Account {
    let credential: Credential =
      switch kind {
      case "bearer": .bearer(token: own)
      case "basic": .basic(username: "own", password: own)
      case "header": .header([(name: "X-Key", value: own)])
      case "two": .header([(name: "X-One", value: own), (name: "X-Two", value: own)])
      case "query": .query(name: "api key", value: own)
      default: .none
      }
    return try Account.at("https://good.com", credential: credential, headers: headers)
  }

  private func parsed(
    _ scheme: String, _ val: String, into request: inout ExecuteRequest
  ) throws(ExecuteFault) {
    let text =
      #"{"endpoint":"/x","method":"GET","custom_connection_data":"#
      + #"{"authScheme":"\#(scheme)","toolkitSlug":"t","val":\#(val)}}"#
    var parser = ExecuteRequestParser(readsConnections: true)
    var envelope = ByteBuffer()
    envelope.append(text)
    try parser.parse(&envelope, into: &request)
  }

  private func outcome(
    _ scheme: String, _ val: String, _ kind: String, headers: [AccountHeader] = []
  ) throws -> Outcome {
    let account = try Self.account(kind, headers: headers)
    var request = ExecuteRequest()
    do throws(ExecuteFault) {
      try parsed(scheme, val, into: &request)
    } catch {
      return .malformed(error)
    }
    do throws(PenstockError) {
      try request.inline.place(as: account)
    } catch {
      return .refused(error)
    }
    var fields = ByteBuffer()
    request.appendOwnFields(account, requestID: Array("id".utf8).span, into: &fields)
    var target = ByteBuffer()
    request.appendQueryCredential(account, behind: 0x3f, into: &target)
    let lines = text(fields.span).split(separator: "\r\n").filter {
      !$0.hasPrefix("Via:") && !$0.hasPrefix("x-request-id:")
    }
    return .sent(fields: lines.joined(separator: "|"), target: text(target.span))
  }

  @Test(arguments: [
    ("OAUTH2", #"{"access_token":"t"}"#, "bearer", "Authorization: Bearer t"),
    ("OAUTH2", #"{"access_token":"t"}"#, "none", "Authorization: Bearer t"),
    ("BEARER_TOKEN", #"{"token":"a\u0062\/"}"#, "header", "X-Key: ab/"),
    ("API_KEY", #"{"api_key":"k"}"#, "bearer", "Authorization: Bearer k"),
    ("API_KEY", #"{"api_key":"k","bearer_token":"b"}"#, "bearer", "Authorization: Bearer b"),
    ("API_KEY", #"{"api_key":"k","bearer_token":"b"}"#, "header", "X-Key: k"),
    ("API_KEY", #"{"api_key":"k","generic_api_key":"g"}"#, "header", "X-Key: g"),
    ("API_KEY", #"{"basic_encoded":"eA=="}"#, "basic", "Authorization: Basic eA=="),
    ("API_KEY", #"{"basic_encoded":"eA==","api_key":"k"}"#, "header", "X-Key: k"),
    (
      "BASIC", #"{"username":"Aladdin","password":"open sesame"}"#, "basic",
      "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    ),
    ("BASIC", #"{"username":"u","password":"a:b"}"#, "none", "Authorization: Basic dTphOmI="),
    ("NO_AUTH", "{}", "bearer", ""), ("NO_AUTH", "{}", "two", ""), ("NO_AUTH", "{}", "none", ""),
  ])
  func `it goes where the account has its own`(
    scheme: String, val: String, kind: String, fields: String
  ) throws {
    #expect(try outcome(scheme, val, kind) == .sent(fields: fields, target: ""))
  }

  @Test func `in a query it is encoded, under the account's own name`() throws {
    #expect(
      try outcome("API_KEY", #"{"api_key":"a&b="}"#, "query")
        == .sent(fields: "", target: "?api%20key=a%26b%3D"))
    #expect(try outcome("NO_AUTH", "{}", "query") == .sent(fields: "", target: ""))
  }

  @Test(
    arguments: [
      ("OAUTH2", #"{"access_token":"t"}"#, "basic", .authSchemeUnsupported),
      ("BEARER_TOKEN", #"{"token":"t"}"#, "two", .authSchemeUnsupported),
      ("BASIC", #"{"username":"u"}"#, "header", .authSchemeUnsupported),
      ("API_KEY", #"{"api_key":"k"}"#, "none", .authSchemeUnsupported),
      ("API_KEY", #"{"api_key":"k"}"#, "basic", .validationError),
      ("API_KEY", #"{"basic_encoded":"eA=="}"#, "bearer", .validationError),
      ("API_KEY", #"{"basic_encoded":"eA=="}"#, "query", .validationError),
    ] as [(String, String, String, PenstockError)])
  func `what has no place there is refused`(
    scheme: String, val: String, kind: String, error: PenstockError
  ) throws {
    #expect(try outcome(scheme, val, kind) == .refused(error))
  }

  @Test func `a header of the account is not doubled`() throws {
    let headers = [AccountHeader(name: "AUTHORIZATION", value: "x")]
    #expect(
      try outcome("BEARER_TOKEN", #"{"token":"t"}"#, "none", headers: headers)
        == .refused(.authSchemeUnsupported))
    #expect(
      try outcome("BEARER_TOKEN", #"{"token":"t"}"#, "header", headers: headers)
        == .sent(fields: "AUTHORIZATION: x|X-Key: t", target: ""))
  }

  @Test func `every scheme of the reference is supported or named, and no other`() throws {
    for scheme in AuthScheme.allCases {
      let found = try outcome("\(scheme.name)", "{}", "none")
      let isUnsupported = found == .malformed(.authSchemeUnsupported)
      #expect(isUnsupported == !scheme.isSupported, "\(scheme.name)")
    }
    for name in ["", "oauth2", "OAUTH", "OAUTH22"] {
      #expect(try outcome(name, "{}", "none") == .malformed(.authSchemeUnsupported))
    }
  }

  @Test(arguments: [
    "\"\"", #""a\r\nX: y""#, #""a\n""#, #""\u0000""#, #""\u007f""#, "1", "null", "{}", "[\"t\"]",
  ])
  func `what cannot be sent is malformed`(value: String) throws {
    for (scheme, name) in [
      ("OAUTH2", "access_token"), ("BEARER_TOKEN", "token"), ("API_KEY", "api_key"),
      ("API_KEY", "generic_api_key"), ("API_KEY", "bearer_token"), ("API_KEY", "basic_encoded"),
      ("BASIC", "username"),
    ] {
      let found = try outcome(scheme, "{\"\(name)\":\(value)}", "none")
      #expect(found == .malformed(.validationError), "\(scheme) \(name)")
    }
  }

  // MARK: That it does not come back, nor stay

  @Test func `an echo in any form is a leak`() throws {
    var request = ExecuteRequest()
    try parsed("BASIC", #"{"username":"u","password":"pass word"}"#, into: &request)
    let account = try Self.account("basic")
    try request.inline.place(as: account)
    for (value, expected) in [
      ("x dTpwYXNzIHdvcmQ= y", true), ("u:pass word", true), ("pass word", true), ("pass", false),
      ("u", false), ("", false), (Self.own, true),
    ] {
      let isLeak = request.isLeak(Array(value.utf8).span, of: account)
      #expect(isLeak == expected, "\(value)")
    }
    request.reset()
    let isLeak = request.isLeak(Array("pass word".utf8).span, of: account)
    #expect(!isLeak)
  }

  @Test(arguments: [
    (#"{"username":"sk_live_0123"}"#, true), (#"{"username":"sk_live_0123","password":"x"}"#, true),
    (#"{"username":"sk_live_0123","password":"p4ssw0rd"}"#, false), (#"{"username":"me"}"#, false),
  ])
  func `a user's name is a secret where the password can be none`(val: String, isSecret: Bool)
    throws
  {
    var request = ExecuteRequest()
    try parsed("BASIC", val, into: &request)
    let isLeak = CredentialInjector.isLeak(Array("a sk_live_0123 b".utf8).span, of: request.inline)
    #expect(isLeak == isSecret)
  }

  @Test func `wiped, it holds nothing`() throws {
    var request = ExecuteRequest()
    try parsed("API_KEY", #"{"api_key":"secret"}"#, into: &request)
    try request.inline.place(as: try Self.account("query"))
    let wasGiven = request.inline.isGiven
    request.inline.wipe()
    let isGiven = request.inline.isGiven
    #expect(wasGiven && !isGiven)
    for form in InlineCredential.Form.allCases {
      let count = request.inline.withBytes(of: form) { $0.count }
      #expect(count == 0)
    }
  }

  @Test func `where envelopes may bring none, it is only noticed`() throws {
    var parser = ExecuteRequestParser()
    var request = ExecuteRequest()
    let text = #"{"endpoint":"/x","method":"GET","custom_connection_data":[1]}"#
    var envelope = ByteBuffer()
    envelope.append(text)
    try parser.parse(&envelope, into: &request)
    let (isThere, isGiven) = (request.hasCustomConnectionData, request.inline.isGiven)
    #expect(isThere && !isGiven)
  }
}
