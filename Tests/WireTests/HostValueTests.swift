import Testing
import Wire

@Suite struct HostValueTests {
  private func isValid(_ text: String) -> Bool { HostValue.isValid(wire(text).span) }

  @Test(arguments: [
    "p", "P.", "p:80", "p:0", "p:65535", "[::1]:80", "[::1]", "[::ffff:1.2.3.4]:8080",
    "127.0.0.1:8080", "a-b_c~d.example", "xn--bcher-kva.example", "1",
  ])
  func `a name or an address literal with a port or without is valid`(value: String) {
    #expect(isValid(value))
  }

  @Test(arguments: [
    "", "a b", "a,b", "u@p", "p/x", "p:99999", "p:65536", "p:1:2", "[::1", "p\0.q", ".", "..",
    "p:8a", "p:-1", "p:+1", "p:000080", ":80", "[]", "[]:80", "::1", "[::1]x", "[::1]80", "[::g]",
    "[v1.a]", "p?x", "p#x", "p\\x", "http://p", "p%41", "\u{e4}", "p\t", "[::1%25eth0]",
  ])
  func `anything that could be read in a second way is not`(value: String) {
    #expect(!isValid(value))
  }

  @Test(
    arguments: [
      ("p", "p", nil), ("p:80", "p", 80), ("[::1]", "[::1]", nil), ("[::1]:443", "[::1]", 443),
      ("a.b.:65535", "a.b.", 65535),
    ] as [(String, String, Int?)])
  func `host and port are told apart`(value: String, host: String, port: Int?) {
    let bytes = wire(value)
    let parts = HostValue.split(bytes.span)
    #expect(bytes.text(of: parts.host) == host)
    #expect(parts.port == port)
  }
}
