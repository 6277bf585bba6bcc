import Testing
import Wire

@testable import Penstock

@Suite struct AuthenticatorTests {
  private static func digest(_ key: String) -> KeyDigest { KeyDigest(of: Array(key.utf8).span) }

  private let authenticator = Authenticator([
    Project(index: 0, name: "acme", keyDigests: [digest("k1"), digest("k1-new")], allows: []),
    Project(index: 1, name: "umbrella", keyDigests: [digest("k2")], allows: []),
    Project(index: 2, name: "late", keyDigests: [digest("k1")], allows: []),
  ])

  private func result(_ fields: String...) -> Authenticator.Result {
    let request = TestRequest(lines: ["GET / HTTP/1.1"] + fields)
    return authenticator.authenticate(request.head.fields, request.bytes.span)
  }

  @Test(arguments: [
    ("x-api-key: k1", 0), ("X-API-KEY: k1-new", 0), ("x-api-key:   k2  ", 1),
  ])
  func `a key names its project, one of several too`(field: String, project: Int) {
    let result = self.result(field)
    #expect(result.project == project)
    #expect(result.shown == .apiKeyField)
  }

  @Test(arguments: [
    "Authorization: Bearer k1", "authorization: bearer k1", "Authorization: BEARER k1",
  ])
  func `without x-api-key a bearer token is the key`(field: String) {
    let result = self.result(field)
    #expect(result.project == 0)
    #expect(result.shown == .authorization)
  }

  @Test(arguments: [
    "x-api-key: k", "x-api-key: k11", "x-api-key: K1", "x-api-key:", "x-api-key: k1,k2",
    "x-api-key: k1 k1", "x-api-key: \u{e9}",
  ])
  func `a wrong key is nobody, and was shown`(field: String) {
    let result = self.result(field)
    #expect(result.project == nil)
    #expect(result.shown == .apiKeyField)
  }

  @Test(arguments: [
    "Authorization: k1", "Authorization: Basic k1", "Authorization: Bearer", "Authorization:",
    "Authorization: Bearerk1", "X_API_KEY: k1", "Cookie: x-api-key=k1", "x-api-keys: k1",
    "Proxy-Authorization: Bearer k1",
  ])
  func `a key that stands elsewhere is none`(field: String) {
    let result = self.result(field)
    #expect(result.project == nil)
    #expect(result.shown == .nowhere)
  }

  @Test func `x-api-key counts alone where it is there, right or wrong`() {
    let wrong = result("Authorization: Bearer k1", "x-api-key: wrong")
    #expect(wrong.project == nil)
    #expect(wrong.shown == .apiKeyField)
    let right = result("Authorization: Bearer wrong", "x-api-key: k2")
    #expect(right.project == 1)
    #expect(right.shown == .apiKeyField)
  }

  @Test func `without projects every key is wrong`() {
    let request = TestRequest("GET / HTTP/1.1", "x-api-key: k1")
    let result = Authenticator([]).authenticate(request.head.fields, request.bytes.span)
    #expect(result.project == nil)
  }
}
