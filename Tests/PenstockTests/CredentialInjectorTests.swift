import Testing
import Wire

@testable import Penstock

@Suite struct CredentialInjectorTests {
  private func fields(_ credential: Credential) -> String {
    var out = ByteBuffer()
    CredentialInjector.injectFields(credential, into: &out)
    return text(out.span)
  }

  @Test func `each kind is written as its specification has it`() {
    #expect(fields(.none) == "")
    #expect(fields(.bearer(token: "t0k")) == "Authorization: Bearer t0k\r\n")
    #expect(
      fields(.basic(username: "Aladdin", password: "open sesame"))
        == "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n")
    #expect(
      fields(.basic(username: "user", password: "a:b:c"))
        == "Authorization: Basic dXNlcjphOmI6Yw==\r\n")
    #expect(
      fields(.header([(name: "X-Key", value: "a"), (name: "X-App", value: "b")]))
        == "X-Key: a\r\nX-App: b\r\n")
    #expect(fields(.query(name: "key", value: "a")) == "")
  }

  @Test(
    arguments: [
      (0x3f, "/x?key=a%26b%3D%2F"), (0x26, "/x&key=a%26b%3D%2F"), (nil, "/xkey=a%26b%3D%2F"),
    ] as [(UInt8?, String)])
  func `a query credential is one pair, whatever it holds`(mark: UInt8?, expected: String) {
    var out = ByteBuffer()
    out.append("/x" as StaticString)
    CredentialInjector.injectQuery(
      .query(name: "key", value: "a&b=/"), behind: mark, into: &out)
    #expect(text(out.span) == expected)
  }

  @Test func `without a query credential a target stays as it is`() {
    var out = ByteBuffer()
    CredentialInjector.injectQuery(.bearer(token: "t"), behind: 0x3f, into: &out)
    #expect(text(out.span) == "")
  }

  // MARK: What comes back

  private func isLeak(_ value: String, _ credential: Credential) -> Bool {
    CredentialInjector.isLeak(Array(value.utf8).span, of: credential)
  }

  @Test(arguments: ["S3CR3T", "Bearer S3CR3T", "xS3CR3Tx", "S3CRS3CR3T", "a=S3CR3T; b"])
  func `a secret is found wherever it stands`(value: String) {
    #expect(isLeak(value, .bearer(token: "S3CR3T")))
  }

  @Test(arguments: ["", "S", "S3CR3", "3CR3T", "s3cr3t", "S3CR 3T", "***"])
  func `what is not the secret is none`(value: String) {
    #expect(!isLeak(value, .bearer(token: "S3CR3T")))
  }

  @Test func `every form of a secret that goes on the wire is known when it comes back`() {
    let basic = Credential.basic(username: "u", password: "p4ssw0rd")
    #expect(isLeak("dTpwNHNzdzByZA==", basic))
    #expect(isLeak("p4ssw0rd", basic))
    let query = Credential.query(name: "key", value: "a b&c")
    #expect(isLeak("https://x/?key=a%20b%26c", query))
    #expect(isLeak("a b&c", query))
    let two = Credential.header([(name: "A", value: "first-one"), (name: "B", value: "second-one")])
    #expect(isLeak("second-one", two))
    #expect(!isLeak("anything", .none))
  }

  @Test func `a user's name is a secret where the password can be none`() {
    for password in ["", "x"] {
      let credential = Credential.basic(username: "sk_live_0123", password: password)
      #expect(isLeak("https://x/?key=sk_live_0123", credential))
    }
    #expect(!isLeak("application/json", .basic(username: "application", password: "p4ssw0rd")))
    #expect(!isLeak("x", .basic(username: "x", password: "")))
  }

  @Test func `a part of a header's value is known without its scheme and its name`() {
    let credential = Credential.header([
      (name: "Authorization", value: "Token ghp_01234567"),
      (name: "X-Signed", value: "Long-Scheme long_name=\"s3cr3t-token\", a=b"),
    ])
    #expect(isLeak("https://x/?key=ghp_01234567", credential))
    #expect(isLeak("s3cr3t-token", credential))
    for value in ["Token", "Long-Scheme", "long_name", "b"] { #expect(!isLeak(value, credential)) }
  }

  @Test func `a letter is no secret that others could not hold`() {
    let credential = Credential.basic(username: "sk_live_0123", password: "x")
    #expect(!isLeak("text/plain", credential))
    #expect(isLeak("x", credential))
  }

  @Test func `an empty secret is in nothing`() {
    #expect(!isLeak("anything", .header([(name: "A", value: "")])))
    #expect(!isLeak("", .basic(username: "u", password: "")))
  }
}
