/// A host, or a family of hosts, that an account may reach beside its base URL's.
public struct HostRule: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// The host itself.
    case exact
    /// Every name under it, not the name itself: `*.example.com`.
    case suffix
    /// Every public host: `*`.
    case any
  }

  public let kind: Kind
  /// Lower case, without brackets, `*.` or port; empty for any.
  public let host: String
  /// Nil: the scheme's own.
  public let port: UInt16?
  /// Nil where the rule names no scheme, which means https alone.
  public let isTLS: Bool?

  public init(kind: Kind, host: String, port: UInt16? = nil, isTLS: Bool? = nil) {
    self.kind = kind
    self.host = host
    self.port = port
    self.isTLS = isTLS
  }

  /// Reads `host`, `host:port`, `*.name`, `*.name:port` or `*`, each with an optional `http://` or
  /// `https://` before it; nil for anything else.
  public init?(parsing text: String) {
    var rest = text[...]
    var isTLS: Bool?
    if text.lowercased().hasPrefix("https://") {
      (isTLS, rest) = (true, text.dropFirst(8))
    } else if text.lowercased().hasPrefix("http://") {
      (isTLS, rest) = (false, text.dropFirst(7))
    }
    if rest == "*" {
      self.init(kind: .any, host: "", isTLS: isTLS)
      return
    }
    let kind: Kind = rest.hasPrefix("*.") ? .suffix : .exact
    if kind == .suffix { rest = rest.dropFirst(2) }
    guard let (host, port) = HostName.split(rest) else { return nil }
    if kind == .suffix, HostName.isAddress(host) { return nil }
    self.init(kind: kind, host: host, port: port, isTLS: isTLS)
  }
}
