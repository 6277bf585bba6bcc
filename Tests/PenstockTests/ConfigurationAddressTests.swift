import Testing

@testable import Penstock

@Suite struct ConfigurationAddressTests {
  @Test(arguments: ["127.0.0.1:8080", "0.0.0.0:0", "[::1]:443", "[fd00::1]:65535", "unix:/run/x"])
  func `an address to listen on prints as it is read`(text: String) {
    #expect(ListenAddress(parsing: text)?.description == text)
  }

  @Test(arguments: [
    "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.1:80", "::1:80", "[::1]", "[::1:80",
    "example.com:80", "unix:", "unix:x", "unix:/" + String(repeating: "x", count: 107),
    "127.0.0.1:+8", "[127.0.0.1]:80", "0177.0.0.1:80",
  ])
  func `anything else is none`(text: String) {
    #expect(ListenAddress(parsing: text) == nil)
  }

  @Test func `loopback is what no other machine reaches`() {
    for text in ["127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/x"] {
      #expect(ListenAddress(parsing: text)?.isLoopback == true)
    }
    for text in ["0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[::ffff:127.0.0.1]:1"] {
      #expect(ListenAddress(parsing: text)?.isLoopback == false)
    }
  }

  @Test func `a base URL is taken apart`() throws {
    let url = try BaseURL(parsing: "HTTPS://API.Example.com:8443/v1/a%2Fb/")
    #expect(url.isTLS && url.host == "api.example.com" && url.port == 8443)
    #expect(url.path == Array("/v1/a%2Fb".utf8))
    #expect(url.hostHeader == Array("api.example.com:8443".utf8))
    let short = try BaseURL(parsing: "http://[2001:DB8::0:1]:80")
    #expect(!short.isTLS && short.host == "2001:db8::1" && short.port == 80 && short.path.isEmpty)
    #expect(short.hostHeader == Array("[2001:db8::1]".utf8))
  }

  @Test(arguments: [
    ("a.example", HostRule(kind: .exact, host: "a.example")),
    ("A.example:8443", HostRule(kind: .exact, host: "a.example", port: 8443)),
    ("*.a.example", HostRule(kind: .suffix, host: "a.example")),
    ("*", HostRule(kind: .any, host: "")),
    ("http://a.example:81", HostRule(kind: .exact, host: "a.example", port: 81, isTLS: false)),
    ("https://[::1]", HostRule(kind: .exact, host: "::1", isTLS: true)),
  ])
  func `a host rule is read`(text: String, rule: HostRule) {
    #expect(HostRule(parsing: text) == rule)
  }

  @Test(arguments: [
    "", "a b", "a.example/", "*a.example", "a.*.example", "*.10.0.0.1", "*.127.1",
    "ftp://a.example",
    "a.example:0", "a.example:x", "a.example.", "u@a.example", "*:80x", "0x7f.1",
  ])
  func `what is no host is no rule`(text: String) {
    #expect(HostRule(parsing: text) == nil)
  }
}
