/// An account's base URL, taken apart once. In memory once for all accounts that have the same one.
public final class BaseURL: Sendable, Equatable {
  /// Why a text is no base URL.
  public enum Fault: Error, Equatable {
    case schemeNotHTTP, userinfo, host, port, query, fragment, dotSegment, character
  }

  public let isTLS: Bool
  /// Lower case, an IPv6 address without its brackets.
  public let host: String
  public let port: UInt16
  /// As written, without a trailing slash; empty for none.
  public let path: [UInt8]
  /// The value of `Host:`; the port only where it is not the scheme's own.
  public let hostHeader: [UInt8]

  /// The host is in lower case and without brackets, the path without a trailing slash.
  public init(isTLS: Bool, host: String, port: UInt16, path: String = "") {
    precondition(!host.isEmpty && !path.hasSuffix("/"))
    self.isTLS = isTLS
    self.host = host
    self.port = port
    self.path = Array(path.utf8)
    let authority = host.contains(":") ? "[\(host)]" : host
    let isDefault = port == Self.defaultPort(isTLS: isTLS)
    hostHeader = Array((isDefault ? authority : "\(authority):\(port)").utf8)
  }

  /// Reads `http://` or `https://`, a host, an optional port, an optional path, and nothing else.
  public convenience init(parsing text: String) throws(Fault) {
    guard text.utf8.allSatisfy({ 0x21...0x7e ~= $0 && !Self.isRefused($0) }) else {
      throw .character
    }
    let isTLS: Bool
    let rest: Substring
    if text.lowercased().hasPrefix("https://") {
      (isTLS, rest) = (true, text.dropFirst(8))
    } else if text.lowercased().hasPrefix("http://") {
      (isTLS, rest) = (false, text.dropFirst(7))
    } else {
      throw .schemeNotHTTP
    }
    if rest.contains("#") { throw .fragment }
    if rest.contains("?") { throw .query }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    if authority.contains("@") { throw .userinfo }
    guard let (host, port) = HostName.split(authority) else {
      throw Self.isPortAtFault(authority) ? .port : .host
    }
    var path = rest[slash...]
    if path.hasSuffix("/") { path = path.dropLast() }
    guard Self.isPlain(path) else { throw .dotSegment }
    self.init(
      isTLS: isTLS, host: host, port: port ?? Self.defaultPort(isTLS: isTLS), path: String(path))
  }

  public static func == (left: BaseURL, right: BaseURL) -> Bool {
    left.isTLS == right.isTLS && left.host == right.host && left.port == right.port
      && left.path == right.path
  }

  public static func defaultPort(isTLS: Bool) -> UInt16 { isTLS ? 443 : 80 }

  // MARK: Helpers

  /// Printable, yet no part of a URL: RFC 3986 §2.
  private static func isRefused(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x22, 0x3c, 0x3e, 0x5c, 0x5e, 0x60, 0x7b...0x7d: true
    default: false
    }
  }

  private static func isPortAtFault(_ authority: Substring) -> Bool {
    guard let colon = authority.lastIndex(of: ":") else { return false }
    return HostName.normalized(authority[..<colon]) != nil
  }

  /// Whether no segment is `.`, `..` or empty, however their dots are spelt.
  private static func isPlain(_ path: Substring) -> Bool {
    path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().allSatisfy {
      let segment = $0.lowercased().replacing("%2e", with: ".")
      return segment != "." && segment != ".." && !segment.isEmpty
    }
  }
}
