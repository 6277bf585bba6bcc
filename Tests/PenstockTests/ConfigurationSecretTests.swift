import Testing

@testable import Penstock

@Suite struct ConfigurationSecretTests {
  @Test func `a secret prints as its length, however it is printed`() {
    let secret = Secret("s3cr3t")
    var dumped = ""
    dump(Credential.bearer(token: "s3cr3t"), to: &dumped)
    dump([secret], to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), "\(Optional(secret) as Any)", dumped] {
      #expect(!text.contains("s3cr3t"))
      // The bytes in decimal, as a dumped array would show them.
      #expect(!text.contains("115"))
    }
    #expect("\(secret)" == "«secret, 6 bytes»")
  }

  @Test func `secrets are equal byte for byte`() {
    #expect(Secret("abc") == Secret("abc"))
    #expect(Secret("abc") != Secret("abd"))
    #expect(Secret("abc") != Secret("ab"))
    #expect(Secret("") == Secret(""))
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
  ])
  func `a key's digest is its SHA-256`(key: String, hexadecimal: String) {
    #expect(KeyDigest(of: Array(key.utf8).span) == KeyDigest(hexadecimal: hexadecimal))
  }

  @Test func `a digest differs from another, and from what is none`() {
    #expect(KeyDigest(of: Array("a".utf8).span) != KeyDigest(of: Array("b".utf8).span))
    #expect(KeyDigest(hexadecimal: String(repeating: "g", count: 64)) == nil)
    #expect(KeyDigest(hexadecimal: String(repeating: "a", count: 63)) == nil)
  }
}
