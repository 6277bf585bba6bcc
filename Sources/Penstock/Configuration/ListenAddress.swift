import Glibc

/// An address to listen on, in numbers: nothing is looked up when a socket is bound.
public enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// Four bytes in network order; port 0 lets the kernel choose.
  case ipv4(octets: [UInt8], port: UInt16)
  /// Sixteen bytes in network order; port 0 lets the kernel choose.
  case ipv6(octets: [UInt8], port: UInt16)
  /// An absolute path that fits in `sockaddr_un`.
  case unix(path: String)

  /// Bytes of a path that `sockaddr_un` holds beside its closing zero.
  public static let pathBytesMax = 107

  /// Reads `1.2.3.4:80`, `[::1]:80`, `localhost:80` or `unix:/path`; nil for anything else.
  public init?(parsing text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard path.hasPrefix("/"), path.utf8.count <= Self.pathBytesMax,
        !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f })
      else { return nil }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":"),
      let port = Self.port(text[text.index(after: colon)...])
    else { return nil }
    var host = String(text[..<colon])
    var octets = [UInt8](repeating: 0, count: 16)
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
      guard inet_pton(AF_INET6, host, &octets) == 1 else { return nil }
      self = .ipv6(octets: octets, port: port)
    } else {
      if host == "localhost" { host = "127.0.0.1" }
      guard inet_pton(AF_INET, host, &octets) == 1 else { return nil }
      self = .ipv4(octets: Array(octets.prefix(4)), port: port)
    }
  }

  /// True exactly when nobody but this machine can reach the address.
  public var isLoopback: Bool {
    switch self {
    case .ipv4(let octets, _): octets.first == 127
    case .ipv6(let octets, _): octets == [UInt8](repeating: 0, count: 15) + [1]
    case .unix: true
    }
  }

  /// The same form that `init(parsing:)` reads.
  public var description: String {
    switch self {
    case .ipv4(let octets, let port):
      return octets.map(String.init).joined(separator: ".") + ":\(port)"
    case .ipv6(let octets, let port):
      return "[\(Self.text(ofIPv6: octets))]:\(port)"
    case .unix(let path):
      return "unix:" + path
    }
  }

  // MARK: Helpers

  private static func port(_ text: Substring) -> UInt16? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
      return nil
    }
    return UInt16(text)
  }

  private static func text(ofIPv6 octets: [UInt8]) -> String {
    precondition(octets.count == 16)
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(AF_INET6, octets, &text, socklen_t(text.count)) != nil else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
