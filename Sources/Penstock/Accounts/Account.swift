/// A connected account: where it lives, what it may reach, and how it proves itself there.
public final class Account: Sendable {
  /// Its place in `Configuration.accounts`.
  public let index: Int
  public let id: String
  let idBytes: [UInt8]
  /// Known, and refused with 422.
  public let disabled: Bool
  public let base: BaseURL
  /// Beside the base URL's own host.
  public let allowedHosts: [HostRule]
  public let credential: Credential
  public let headers: [AccountHeader]
  /// Certificates that replace the system's roots.
  public let caFile: String?
  /// `http://` or `socks5://` with host and port, to dial through.
  public let proxy: String?
  public let allowPrivate: AllowPrivate
  public let timeouts: AccountTimeouts
  public let pool: PoolLimits
  /// Exchanges at a time, of all workers; 0 is no limit.
  public let inFlight: Int
  public let rate: RateLimit
  public let breaker: Breaker
  public let compression: Compression
  /// Whether a compressed request body reaches the upstream unpacked.
  public let requestDecompression: Bool
  /// Whether a plain request body reaches the upstream in gzip.
  public let requestCompression: Bool
  /// Whether a body is collected first and sent with its length.
  public let requestBuffering: Bool
  /// Whether `traceparent` is sent, and on the streaming route `tracestate`.
  public let trace: Bool
  /// Whether `Forwarded` and `X-Forwarded-*` are sent.
  public let forwarded: Bool
  /// Nil: everything is allowed.
  public let rules: RuleList?

  public init(
    index: Int, id: String, disabled: Bool = false, base: BaseURL,
    allowedHosts: [HostRule] = [], credential: Credential = .none, headers: [AccountHeader] = [],
    caFile: String? = nil, proxy: String? = nil, allowPrivate: AllowPrivate = .no,
    timeouts: AccountTimeouts = .init(), pool: PoolLimits = .init(), inFlight: Int = 0,
    rate: RateLimit = .none, breaker: Breaker = .init(), compression: Compression = .auto,
    requestDecompression: Bool = false, requestCompression: Bool = false,
    requestBuffering: Bool = false, trace: Bool = false, forwarded: Bool = false,
    rules: RuleList? = nil
  ) {
    self.index = index
    self.id = id
    idBytes = Array(id.utf8)
    self.disabled = disabled
    self.base = base
    self.allowedHosts = allowedHosts
    self.credential = credential
    self.headers = headers
    self.caFile = caFile
    self.proxy = proxy
    self.allowPrivate = allowPrivate
    self.timeouts = timeouts
    self.pool = pool
    self.inFlight = inFlight
    self.rate = rate
    self.breaker = breaker
    self.compression = compression
    self.requestDecompression = requestDecompression
    self.requestCompression = requestCompression
    self.requestBuffering = requestBuffering
    self.trace = trace
    self.forwarded = forwarded
    self.rules = rules
  }
}
