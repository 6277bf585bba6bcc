/// What an IP address is for, by the special-purpose registries (RFC 6890 and its successors).
public enum AddressKind: Equatable, Sendable {
  case `public`
  /// Loopback, private, shared, documentation and the like: only with the operator's permission.
  case `private`
  /// Link-local IPv4 and cloud metadata, multicast, reserved: never.
  case never

  /// `bytes`: four or sixteen, in network order. IPv6 forms that carry an IPv4 address are judged
  /// by that address.
  public init(_ bytes: [UInt8]) {
    switch bytes.count {
    case 4: self = AddressKind.ofIPv4(bytes)
    case 16: self = AddressKind.ofIPv6(bytes)
    default: self = .never
    }
  }

  private static func ofIPv4(_ octets: [UInt8]) -> AddressKind {
    switch (octets[0], octets[1], octets[2]) {
    case (169, 254, _): .never  // link-local, where clouds keep their metadata
    case (224..., _, _): .never  // multicast, reserved, broadcast
    case (100, 100, 100) where octets[3] == 200: .never  // another cloud's metadata
    case (0, _, _), (10, _, _), (127, _, _): .private
    case (100, 64...127, _): .private  // shared by carriers (RFC 6598)
    case (172, 16...31, _), (192, 168, _): .private
    case (192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113): .private
    case (192, 88, 99): .private  // 6to4 relays, deprecated (RFC 7526)
    case (198, 18...19, _): .private  // benchmarks (RFC 2544)
    default: .public
    }
  }

  private static func ofIPv6(_ bytes: [UInt8]) -> AddressKind {
    let isMapped = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
    if isMapped { return ofIPv4(Array(bytes[12...])) }
    if bytes[0..<12].allSatisfy({ $0 == 0 }) { return ofLowest(bytes) }
    if bytes[0..<12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] {
      return ofIPv4(Array(bytes[12...]))  // NAT64 (RFC 6052)
    }
    if bytes[0] == 0x20, bytes[1] == 0x02 { return ofIPv4(Array(bytes[2..<6])) }  // 6to4
    if bytes[0] == 0xfd, bytes[1] == 0x00, bytes[2] == 0x0e, bytes[3] == 0xc2 { return .never }
    if bytes[0] == 0xff { return .never }
    // Only 2000::/3 is given out as global unicast.
    if bytes[0] & 0xe0 != 0x20 { return .private }
    switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
    case (0x20, 0x01, 0x00, _), (0x20, 0x01, 0x01, _): return .private  // Teredo, protocols: /23
    case (0x20, 0x01, 0x0d, 0xb8): return .private  // documentation
    case (0x3f, 0xff, 0x00...0x0f, _): return .private  // documentation
    default: return .public
    }
  }

  /// `::`, `::1` and the deprecated IPv4-compatible forms.
  private static func ofLowest(_ bytes: [UInt8]) -> AddressKind {
    let embedded = Array(bytes[12...])
    return ofIPv4(embedded) == .never ? .never : .private
  }
}
