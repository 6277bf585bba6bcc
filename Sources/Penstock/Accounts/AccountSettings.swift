/// What accounts have in common that are alike: all of an account but who it is, where it lives and
/// how it proves itself. Of many accounts most have the defaults, which are in memory once.
struct AccountSettings: Sendable, Equatable {
  var caFile: String?
  var proxy: String?
  var allowPrivate: AllowPrivate
  var timeouts: AccountTimeouts
  var pool: PoolLimits
  var inFlight: Int
  var rate: RateLimit
  var breaker: Breaker
  var compression: Compression
  var requestDecompression: Bool
  var requestCompression: Bool
  var requestBuffering: Bool
  var trace: Bool
  var forwarded: Bool
  var rules: RuleList?

  /// Settings that several accounts may have.
  final class Shared: Sendable {
    let settings: AccountSettings
    let compressionRule: CompressionRule

    init(_ settings: AccountSettings) {
      self.settings = settings
      compressionRule = CompressionRule(settings.compression)
    }
  }
}
