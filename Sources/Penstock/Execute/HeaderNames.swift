import Wire

/// Which header names a caller may not set.
///
/// Many servers read `_` as `-` (CGI does), so that `Proxy_Authorization` may mean what
/// `Proxy-Authorization` means: names are compared with both taken for the same.
enum HeaderNames {
  /// True for what frames a message, what belongs to one connection or to a proxy, and what
  /// carries credentials. The names that an account injects are compared beside this.
  static func isReserved(_ name: Span<UInt8>) -> Bool {
    if begins(name, with: "proxy-") || begins(name, with: "x-forwarded-") { return true }
    for reserved in reservedNames where matchesLoosely(name, reserved) { return true }
    return false
  }

  static func matchesLoosely(_ name: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard name.count == other.count else { return false }
    for index in 0..<name.count where folded(name[index]) != folded(other[index]) { return false }
    return true
  }

  static func matchesLoosely(_ name: Span<UInt8>, _ other: StaticString) -> Bool {
    name.count == other.utf8CodeUnitCount && begins(name, with: other)
  }

  private static func begins(_ name: Span<UInt8>, with prefix: StaticString) -> Bool {
    guard name.count >= prefix.utf8CodeUnitCount else { return false }
    for index in 0..<prefix.utf8CodeUnitCount
    where folded(name[index]) != folded(prefix.utf8Start[index]) { return false }
    return true
  }

  private static func folded(_ byte: UInt8) -> UInt8 {
    byte == 0x5f ? 0x2d : ByteClass.lowercased(byte)
  }

  private static let reservedNames: [StaticString] = [
    "authorization", "connection", "content-length", "expect", "forwarded", "host",
    "http2-settings", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via",
  ]
}
