/// A static mapping: what comes in under a host and a path prefix goes to one account.
public struct Route: Sendable {
  /// The prefix, with `/` at both ends; it is stripped.
  public let path: String
  let pathBytes: [UInt8]
  /// In lower case, without a port; nil for any host.
  public let host: String?
  /// Index of the account.
  public let account: Int
  public let apiKeyRequired: Bool
  /// Whether answers have `Server-Timing`.
  public let serverTiming: Bool
  /// Overrides the account's; nil leaves it.
  public let compression: Compression?

  public init(
    path: String, host: String? = nil, account: Int, apiKeyRequired: Bool = true,
    serverTiming: Bool = false, compression: Compression? = nil
  ) {
    precondition(path.hasPrefix("/") && path.hasSuffix("/"))
    self.path = path
    pathBytes = Array(path.utf8)
    self.host = host
    self.account = account
    self.apiKeyRequired = apiKeyRequired
    self.serverTiming = serverTiming
    self.compression = compression
  }

  /// Whether this route is asked before the other: with a host first, then the longer prefix.
  func precedes(_ other: Route) -> Bool {
    if (host == nil) != (other.host == nil) { return host != nil }
    return path.utf8.count > other.path.utf8.count
  }
}
