/// The compression rules of all accounts and routes, made once.
struct CompressionRules: Sendable {
  /// By the account's index.
  let ofAccounts: [CompressionRule]
  /// By the route's index: its own, or its account's.
  let ofRoutes: [CompressionRule]

  init(_ configuration: Configuration) {
    let accounts = configuration.accounts.map { CompressionRule($0.compression) }
    ofAccounts = accounts
    ofRoutes = configuration.routes.map { route in
      route.compression.map { CompressionRule($0) } ?? accounts[route.account]
    }
  }
}
