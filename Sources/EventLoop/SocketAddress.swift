import Glibc

/// Where a socket listens or connects: an IPv4 or IPv6 address with its port, or a path.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// Four bytes in network order, and a port in host order.
  case ipv4([UInt8], port: UInt16)
  /// Sixteen bytes in network order, and a port in host order.
  case ipv6([UInt8], port: UInt16)
  case unix(path: String)

  /// Reads `host:port`, `[v6]:port` or `unix:/path`; the host is a literal or `localhost`.
  public init?(parsing text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      // sun_path holds 108 bytes with its NUL (unix(7)).
      guard !path.isEmpty, path.utf8.count < 108 else { return nil }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
      guard let bytes = Self.ipv6Bytes(host) else { return nil }
      self = .ipv6(bytes, port: port)
    } else {
      guard let bytes = Self.ipv4Bytes(host == "localhost" ? "127.0.0.1" : host) else { return nil }
      self = .ipv4(bytes, port: port)
    }
  }

  /// The four bytes of a dotted literal (inet_pton(3)).
  public static func ipv4Bytes(_ text: String) -> [UInt8]? {
    var address = in_addr()
    guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
    return withUnsafeBytes(of: &address) { Array($0) }
  }

  /// The sixteen bytes of a colon literal (inet_pton(3)).
  public static func ipv6Bytes(_ text: String) -> [UInt8]? {
    var address = in6_addr()
    guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
    return withUnsafeBytes(of: &address) { Array($0) }
  }

  /// Reads what the kernel filled in; nil for a family other than the three.
  public init?(_ storage: sockaddr_storage) {
    var storage = storage
    switch Int32(storage.ss_family) {
    case AF_INET:
      let inet = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in.self) }
      self = .ipv4(
        Swift.withUnsafeBytes(of: inet.sin_addr) { Array($0) },
        port: UInt16(bigEndian: inet.sin_port))
    case AF_INET6:
      let inet = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in6.self) }
      self = .ipv6(
        Swift.withUnsafeBytes(of: inet.sin6_addr) { Array($0) },
        port: UInt16(bigEndian: inet.sin6_port))
    case AF_UNIX: self = .unix(path: "")
    default: return nil
    }
  }

  public var port: UInt16? {
    switch self {
    case .ipv4(_, let port), .ipv6(_, let port): port
    case .unix: nil
    }
  }

  /// The same address with another port.
  public func with(port: UInt16) -> SocketAddress {
    switch self {
    case .ipv4(let bytes, _): .ipv4(bytes, port: port)
    case .ipv6(let bytes, _): .ipv6(bytes, port: port)
    case .unix: self
    }
  }

  public var isLoopback: Bool {
    switch self {
    case .ipv4(let bytes, _): bytes[0] == 127
    case .ipv6(let bytes, _): bytes == [UInt8](repeating: 0, count: 15) + [1]
    case .unix: true
    }
  }

  /// The address without its port.
  public var host: String {
    switch self {
    case .ipv4(let bytes, _): bytes.map { String($0) }.joined(separator: ".")
    case .ipv6(var bytes, _):
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
        inet_ntop(AF_INET6, &bytes, text.baseAddress, socklen_t(INET6_ADDRSTRLEN))
        return String(cString: text.baseAddress.unsafelyUnwrapped)
      }
    case .unix(let path): "unix:" + path
    }
  }

  public var description: String {
    switch self {
    case .ipv4(_, let port): "\(host):\(port)"
    case .ipv6(_, let port): "[\(host)]:\(port)"
    case .unix: host
    }
  }

  /// Calls `body` with the address in the kernel's form.
  func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var storage = sockaddr_storage()
    let length = write(to: &storage)
    return withUnsafePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  private func write(to storage: inout sockaddr_storage) -> socklen_t {
    withUnsafeMutableBytes(of: &storage) { raw in
      switch self {
      case .ipv4(let bytes, let port):
        var inet = sockaddr_in()
        inet.sin_family = sa_family_t(AF_INET)
        inet.sin_port = port.bigEndian
        withUnsafeMutableBytes(of: &inet.sin_addr) { $0.copyBytes(from: bytes) }
        raw.storeBytes(of: inet, as: sockaddr_in.self)
        return socklen_t(MemoryLayout<sockaddr_in>.size)
      case .ipv6(let bytes, let port):
        var inet = sockaddr_in6()
        inet.sin6_family = sa_family_t(AF_INET6)
        inet.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &inet.sin6_addr) { $0.copyBytes(from: bytes) }
        raw.storeBytes(of: inet, as: sockaddr_in6.self)
        return socklen_t(MemoryLayout<sockaddr_in6>.size)
      case .unix(let path):
        raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
        raw[2...].copyBytes(from: path.utf8)
        return socklen_t(2 + path.utf8.count + 1)
      }
    }
  }
}
