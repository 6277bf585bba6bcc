import Glibc

/// A host as a URL or a rule may write it: lower case, no brackets, one spelling an address.
enum HostName {
  /// Bytes of a name that DNS carries, RFC 1035 §2.3.4.
  static let bytesMax = 253
  static let labelBytesMax = 63

  /// The host in its one form; nil for what is neither an address nor a name of ASCII letters,
  /// digits, `-` and `_`. Names that end in a number are refused, since resolvers read `127.1` and
  /// `2130706433` as addresses, and so is a trailing dot.
  static func normalized(_ text: Substring) -> String? {
    if text.hasPrefix("[") {
      guard text.hasSuffix("]") else { return nil }
      return normalizedIPv6(String(text.dropFirst().dropLast()))
    }
    let name = text.lowercased()
    guard (1...bytesMax).contains(name.utf8.count) else { return nil }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.allSatisfy(isLabel), let last = labels.last else { return nil }
    if last.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) || last.hasPrefix("0x") {
      return isIPv4(name) ? name : nil
    }
    return name
  }

  /// Whether a normalized host is an address and no name.
  static func isAddress(_ host: String) -> Bool {
    host.contains(":") || isIPv4(host)
  }

  /// A decimal port, 1 to 65535.
  static func port(_ text: Substring) -> UInt16? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      let port = UInt16(text), port > 0
    else { return nil }
    return port
  }

  /// Cuts `host`, `host:port`, `[v6]` or `[v6]:port`; nil where a host or a port is malformed.
  static func split(_ text: Substring) -> (host: String, port: UInt16?)? {
    var end = text.endIndex
    var port: UInt16?
    let afterBrackets = text.lastIndex(of: "]") ?? text.startIndex
    if let colon = text[afterBrackets...].firstIndex(of: ":") {
      guard let given = Self.port(text[text.index(after: colon)...]) else { return nil }
      port = given
      end = colon
    }
    guard let host = normalized(text[..<end]) else { return nil }
    return (host, port)
  }

  private static func isIPv4(_ text: String) -> Bool {
    var octets = [UInt8](repeating: 0, count: 4)
    return inet_pton(AF_INET, text, &octets) == 1
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...labelBytesMax).contains(label.utf8.count)
      && label.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x61...0x7a, 0x2d, 0x5f: true
        default: false
        }
      }
  }

  private static func normalizedIPv6(_ text: String) -> String? {
    var octets = [UInt8](repeating: 0, count: 16)
    guard inet_pton(AF_INET6, text, &octets) == 1 else { return nil }
    var form = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(AF_INET6, octets, &form, socklen_t(form.count)) != nil else { return nil }
    return String(decoding: form.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
