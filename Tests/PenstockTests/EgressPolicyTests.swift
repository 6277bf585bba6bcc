import Testing
import Upstream

@testable import Penstock

@Suite struct EgressPolicyTests {
  private func verdict(_ scheme: String, _ host: String, _ port: UInt16, _ account: Account)
    -> EgressPolicy.Verdict
  {
    EgressPolicy.judge(Origin(isTLS: scheme == "https", host: host, port: port), for: account)
  }

  @Test func `the base URL's own origin is the base, and nothing beside it`() throws {
    let account = try Account.at("https://good.com/base")
    #expect(verdict("https", "good.com", 443, account) == .base)
    #expect(verdict("http", "good.com", 443, account) == .denied)
    #expect(verdict("http", "good.com", 80, account) == .denied)
    #expect(verdict("https", "good.com", 8443, account) == .denied)
    #expect(verdict("https", "good.com.", 443, account) == .denied)
    #expect(verdict("https", "sub.good.com", 443, account) == .denied)
    #expect(verdict("https", "evilgood.com", 443, account) == .denied)
  }

  @Test func `a host without scheme and port is https at its own port`() throws {
    let account = try Account.at("https://good.com", allowedHosts: ["up.good.com"])
    #expect(verdict("https", "up.good.com", 443, account) == .allowed)
    #expect(verdict("https", "up.good.com", 8443, account) == .denied)
    #expect(verdict("http", "up.good.com", 80, account) == .denied)
    #expect(verdict("http", "up.good.com", 443, account) == .denied)
  }

  @Test func `a rule's scheme and port are what it says`() throws {
    let account = try Account.at(
      "https://good.com", allowedHosts: ["http://plain.com", "port.com:8443", "[2001:db8::1]"])
    #expect(verdict("http", "plain.com", 80, account) == .allowed)
    #expect(verdict("https", "plain.com", 443, account) == .denied)
    #expect(verdict("http", "plain.com", 8080, account) == .denied)
    #expect(verdict("https", "port.com", 8443, account) == .allowed)
    #expect(verdict("https", "port.com", 443, account) == .denied)
    #expect(verdict("https", "2001:db8::1", 443, account) == .allowed)
  }

  @Test func `a family of hosts is every name under it, not itself`() throws {
    let account = try Account.at("https://good.com", allowedHosts: ["*.good.com"])
    #expect(verdict("https", "a.good.com", 443, account) == .allowed)
    #expect(verdict("https", "a.b.good.com", 443, account) == .allowed)
    #expect(verdict("https", "evilgood.com", 443, account) == .denied)
    #expect(verdict("https", "a.good.com.evil.com", 443, account) == .denied)
    #expect(verdict("https", "a.good.com", 8443, account) == .denied)
    let only = try Account.at("https://else.com", allowedHosts: ["*.good.com"])
    #expect(verdict("https", "good.com", 443, only) == .denied)
  }

  @Test func `a star is every host and port, on https alone`() throws {
    let account = try Account.at("https://good.com", allowedHosts: ["*"])
    #expect(verdict("https", "anything.example", 443, account) == .allowed)
    #expect(verdict("https", "anything.example", 8443, account) == .allowed)
    #expect(verdict("http", "anything.example", 80, account) == .denied)
  }

  @Test func `through a proxy only hosts that are written out are allowed`() throws {
    let account = try Account.at(
      "https://good.com", allowedHosts: ["*", "*.good.com", "up.good.com"],
      proxy: "http://egress.internal:3128")
    #expect(verdict("https", "good.com", 443, account) == .base)
    #expect(verdict("https", "up.good.com", 443, account) == .allowed)
    #expect(verdict("https", "a.good.com", 443, account) == .denied)
    #expect(verdict("https", "anything.example", 443, account) == .denied)
  }
}
