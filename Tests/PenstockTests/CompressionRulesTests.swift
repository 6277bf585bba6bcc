import Testing

@testable import Penstock

/// Which compression holds for an account, and for a route.
@Suite struct CompressionRulesTests {
  private static let strong = Compression.custom(types: ["a/b"], bytesMin: 7, level: 9)

  private func rules(
    _ accounts: [Compression], _ routes: [Route]
  ) throws -> (ofAccounts: [CompressionRule], ofRoutes: [CompressionRule]) {
    let accounts = try accounts.enumerated().map { index, compression in
      try Account.at("https://good.com", index: index, id: "ca_\(index)", compression: compression)
    }
    let configuration = Configuration(listeners: [], accounts: accounts, routes: routes)
    return (accounts.map(\.compressionRule), CompressionRules(configuration).ofRoutes)
  }

  @Test func `an account has its own rule`() throws {
    let rules = try rules([.auto, .off, Self.strong], [])
    #expect(rules.ofAccounts.map(\.isOn) == [true, false, true])
    #expect(rules.ofAccounts.map(\.bytesMin) == [256, 256, 7])
    #expect(rules.ofAccounts.map(\.level) == [1, 1, 9])
    #expect(rules.ofRoutes.isEmpty)
  }

  @Test func `a route that says nothing has its account's rule`() throws {
    let rules = try rules(
      [.off, Self.strong], [Route(path: "/a/", account: 1), Route(path: "/b/", account: 0)])
    #expect(rules.ofRoutes.map(\.isOn) == [true, false])
    #expect(rules.ofRoutes[0].level == 9)
  }

  @Test func `a route that says something has its own, and its account keeps the other`() throws {
    let rules = try rules(
      [.off, .auto],
      [
        Route(path: "/a/", account: 0, compression: .auto),
        Route(path: "/b/", account: 1, compression: .off),
        Route(path: "/c/", account: 1, compression: Self.strong),
      ])
    #expect(rules.ofRoutes.map(\.isOn) == [true, false, true])
    #expect(rules.ofRoutes.map(\.level) == [1, 1, 9])
    #expect(rules.ofAccounts.map(\.isOn) == [false, true])
    let type = Array("a/b".utf8)
    let matches = [rules.ofRoutes[2], rules.ofAccounts[1]].map { $0.matches(type.span) }
    #expect(matches == [true, false])
  }

  /// The configuration puts routes into the order in which they are asked.
  @Test func `a route's rule stands where the route does`() throws {
    let rules = try rules(
      [.auto],
      [
        Route(path: "/", account: 0, compression: .off),
        Route(path: "/long/path/", account: 0, compression: Self.strong),
        Route(path: "/", host: "a.example", account: 0),
      ])
    #expect(rules.ofRoutes.map(\.isOn) == [true, true, false])
    #expect(rules.ofRoutes.map(\.level) == [1, 9, 1])
  }
}
