/// The compression rules of all routes, made once.
struct CompressionRules: Sendable {
  /// By the route's index: its own, or its account's.
  let ofRoutes: [CompressionRule]

  init(_ configuration: Configuration) {
    ofRoutes = configuration.routes.map { route in
      route.compression.map(CompressionRule.init)
        ?? configuration.accounts[route.account].compressionRule
    }
  }
}
