/// The compression rules of all accounts and routes, made once.
struct CompressionRules: Sendable {
  /// By the account's index.
  let ofAccounts: [CompressionRule]
  /// By the route's index: its own, or its account's.
  let ofRoutes: [CompressionRule]

  /// Equal settings, as most accounts have them, share the memory of one rule.
  init(_ configuration: Configuration) {
    var known: [Compression: CompressionRule] = [:]
    func rule(_ compression: Compression) -> CompressionRule {
      if let rule = known[compression] { return rule }
      let rule = CompressionRule(compression)
      known[compression] = rule
      return rule
    }
    let accounts = configuration.accounts.map { rule($0.compression) }
    ofAccounts = accounts
    ofRoutes = configuration.routes.map { route in
      route.compression.map { rule($0) } ?? accounts[route.account]
    }
  }
}
