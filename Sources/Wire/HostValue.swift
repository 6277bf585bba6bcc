/// The value of a Host field: a name or address literal, and a port (RFC 9110 §7.2).
public enum HostValue {
  /// True where the value is by the grammar, without a second reading: no user, path or list.
  public static func isValid(_ value: Span<UInt8>) -> Bool {
    guard let hostEnd = hostEnd(value) else { return false }
    if hostEnd == value.count { return true }
    return value[hostEnd] == 0x3a && isPort(value.extracting((hostEnd + 1)..<value.count))
  }

  /// Where the host ends and an optional `:port` begins; nil where there is no valid host.
  private static func hostEnd(_ value: Span<UInt8>) -> Int? {
    if value.isEmpty { return nil }
    var index = 0
    if value[0] == 0x5b {
      index = 1
      while index < value.count, isAddressByte(value[index]) { index &+= 1 }
      return index > 1 && index < value.count && value[index] == 0x5d ? index + 1 : nil
    }
    var hasLabel = false
    while index < value.count, ByteClass.isHost(value[index]) {
      if value[index] != 0x2e { hasLabel = true }
      index &+= 1
    }
    return hasLabel ? index : nil
  }

  private static func isAddressByte(_ byte: UInt8) -> Bool {
    ByteClass.hexadecimal(byte) != nil || byte == 0x3a || byte == 0x2e
  }

  private static func isPort(_ digits: Span<UInt8>) -> Bool {
    guard digits.count <= 5, let port = Framing.decimal(digits) else { return false }
    return port <= 65535
  }

  /// The host without its port, and the port where one is given; of a valid value.
  public static func split(_ value: Span<UInt8>) -> (host: Slice, port: Int?) {
    let end = hostEnd(value) ?? value.count
    let host = Slice(start: 0, count: end)
    if end + 1 >= value.count { return (host, nil) }
    return (host, Framing.decimal(value.extracting((end + 1)..<value.count)))
  }
}
