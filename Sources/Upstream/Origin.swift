/// Scheme, host and port of an upstream (RFC 9110 §4.3.1), in their normal form.
public struct Origin: Hashable, Sendable {
  public let isTLS: Bool
  /// Lower case; an IPv6 literal without its brackets.
  public let host: String
  public let port: UInt16

  public init(isTLS: Bool, host: String, port: UInt16) {
    self.isTLS = isTLS
    self.host = host
    self.port = port
  }

  public var isIPv6Literal: Bool { host.contains(":") }

  /// `host:port`, an IPv6 literal in brackets.
  public var authority: String { isIPv6Literal ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
