import Glibc

/// A block of addresses in CIDR notation, say `10.0.0.0/8`, `fd00::/8` or a lone `192.0.2.7`.
///
/// IPv4 and IPv4-mapped IPv6 (`::ffff:a.b.c.d`) are one family here, because the kernel reaches
/// the same peer through either: a block of one form contains the addresses of the other. A plain
/// IPv6 block, `::/0` included, contains no IPv4 address.
public struct AddressBlock: Sendable, Equatable {
  /// The address as IPv6, bits behind the prefix cleared; IPv4 in its mapped form.
  private let high: UInt64
  private let low: UInt64
  /// Leading bits that count, 0 to 128, 96 to 128 for IPv4.
  private let prefixBits: Int
  private let isIPv4: Bool

  /// Nil unless the text is an address, alone or followed by `/` and a prefix length that its
  /// family has. Bits behind the prefix are ignored: `10.1.2.3/8` is `10.0.0.0/8`.
  public init?(parsing text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let address = String(parts[0])
    guard let (octets, count) = Self.octets(of: address) else { return nil }
    var bits = count * 8
    if parts.count == 2 {
      guard let given = Self.prefixLength(parts[1]), given <= bits else { return nil }
      bits = given
    }
    let words = Self.words(octets.span, count: count)
    let mapped = count == 4 || Self.isMapped(high: words.high, low: words.low)
    if count == 4 { bits += 96 }
    isIPv4 = mapped && bits >= 96
    prefixBits = bits
    high = words.high & Self.mask(bits)
    low = words.low & Self.mask(bits - 64)
  }

  /// Whether the address, 4 or 16 bytes in network order, is in the block; false for other sizes.
  public func contains(_ address: Span<UInt8>) -> Bool {
    guard address.count == 4 || address.count == 16 else { return false }
    let words = Self.words(address, count: address.count)
    guard Self.isMapped(high: words.high, low: words.low) == isIPv4 else { return false }
    return words.high & Self.mask(prefixBits) == high
      && words.low & Self.mask(prefixBits - 64) == low
  }

  // MARK: Helpers

  /// `inet_pton` alone, since it refuses `127.1`, octal and decimal forms, and scope ids.
  private static func octets(of text: String) -> ([UInt8], count: Int)? {
    var octets = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &octets) == 1 { return (octets, 4) }
    if inet_pton(AF_INET6, text, &octets) == 1 { return (octets, 16) }
    return nil
  }

  private static func prefixLength(_ text: Substring) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
      return nil
    }
    if text.utf8.count > 1, text.utf8.first == 0x30 { return nil }
    return Int(text)
  }

  private static func words(
    _ octets: Span<UInt8>, count: Int
  ) -> (high: UInt64, low: UInt64) {
    var high: UInt64 = 0
    var low: UInt64 = count == 4 ? 0xffff : 0
    var index = 0
    while index < count {
      if count == 16, index < 8 {
        high = high << 8 | UInt64(octets[index])
      } else {
        low = low << 8 | UInt64(octets[index])
      }
      index += 1
    }
    return (high, low)
  }

  private static func isMapped(high: UInt64, low: UInt64) -> Bool {
    high == 0 && low >> 32 == 0xffff
  }

  /// A word with that many leading ones; none for zero and less, all for 64 and more.
  private static func mask(_ bits: Int) -> UInt64 {
    if bits <= 0 { return 0 }
    return bits >= 64 ? .max : ~(.max >> UInt64(bits))
  }
}
