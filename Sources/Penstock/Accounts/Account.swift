/// A connected account: where it lives, what it may reach, and how it proves itself there.
public final class Account: Sendable {
  /// Its place in `Configuration.accounts`.
  public let index: Int
  let idBytes: [UInt8]
  /// Known, and refused with 422.
  public let disabled: Bool
  public let base: BaseURL
  /// Beside the base URL's own host.
  public let allowedHosts: [HostRule]
  public let credential: Credential
  public let headers: [AccountHeader]
  private let shared: AccountSettings.Shared

  /// `others`: accounts with which it shares what they have alike.
  public init(
    index: Int, id: String, disabled: Bool = false, base: BaseURL,
    allowedHosts: [HostRule] = [], credential: Credential = .none, headers: [AccountHeader] = [],
    caFile: String? = nil, proxy: String? = nil, allowPrivate: AllowPrivate = .no,
    timeouts: AccountTimeouts = .init(), pool: PoolLimits = .init(), inFlight: Int = 0,
    rate: RateLimit = .none, breaker: Breaker = .init(), compression: Compression = .auto,
    requestDecompression: Bool = false, requestCompression: Bool = false,
    requestBuffering: Bool = false, trace: Bool = false, forwarded: Bool = false,
    rules: RuleList? = nil, like others: [Account] = []
  ) {
    self.index = index
    idBytes = Array(id.utf8)
    self.disabled = disabled
    self.base = base
    self.allowedHosts = allowedHosts
    self.credential = credential
    self.headers = headers
    let settings = AccountSettings(
      caFile: caFile, proxy: proxy, allowPrivate: allowPrivate, timeouts: timeouts, pool: pool,
      inFlight: inFlight, rate: rate, breaker: breaker, compression: compression,
      requestDecompression: requestDecompression, requestCompression: requestCompression,
      requestBuffering: requestBuffering, trace: trace, forwarded: forwarded, rules: rules)
    let model = others.first { $0.shared.settings == settings }
    shared = model?.shared ?? AccountSettings.Shared(settings)
  }

  /// Whether both have the same settings in the same memory.
  public func shares(settingsOf other: Account) -> Bool { shared === other.shared }

  public var id: String { String(decoding: idBytes, as: UTF8.self) }

  // MARK: What others may have alike

  /// Certificates that replace the system's roots.
  public var caFile: String? { shared.settings.caFile }
  /// `http://` or `socks5://` with host and port, to dial through.
  public var proxy: String? { shared.settings.proxy }
  public var allowPrivate: AllowPrivate { shared.settings.allowPrivate }
  public var timeouts: AccountTimeouts { shared.settings.timeouts }
  public var pool: PoolLimits { shared.settings.pool }
  /// Exchanges at a time, of all workers; 0 is no limit.
  public var inFlight: Int { shared.settings.inFlight }
  public var rate: RateLimit { shared.settings.rate }
  public var breaker: Breaker { shared.settings.breaker }
  public var compression: Compression { shared.settings.compression }
  var compressionRule: CompressionRule { shared.compressionRule }
  /// Whether a compressed request body reaches the upstream unpacked.
  public var requestDecompression: Bool { shared.settings.requestDecompression }
  /// Whether a plain request body reaches the upstream in gzip.
  public var requestCompression: Bool { shared.settings.requestCompression }
  /// Whether a body is collected first and sent with its length.
  public var requestBuffering: Bool { shared.settings.requestBuffering }
  /// Whether `traceparent` is sent, and on the streaming route `tracestate`.
  public var trace: Bool { shared.settings.trace }
  /// Whether `Forwarded` and `X-Forwarded-*` are sent.
  public var forwarded: Bool { shared.settings.forwarded }
  /// Nil: everything is allowed.
  public var rules: RuleList? { shared.settings.rules }
}
