/// What Cache-Control says to an intermediary (RFC 9111 §5.2).
public enum CacheControl {
  /// Whether a value holds the directive `no-transform`. One with an argument counts, too: to
  /// leave a body alone is never wrong.
  public static func forbidsTransforming(_ value: Span<UInt8>) -> Bool {
    var index = 0
    while index < value.count {
      while index < value.count, value[index] == 0x20 || value[index] == 0x09 { index &+= 1 }
      let start = index
      while index < value.count, ByteClass.isToken(value[index]) { index &+= 1 }
      if value.extracting(start..<index).equalsIgnoringCase("no-transform") { return true }
      index = endOfDirective(value, from: index) + 1
    }
    return false
  }

  /// Where the next comma outside of a quoted string stands.
  private static func endOfDirective(_ value: Span<UInt8>, from start: Int) -> Int {
    var index = start
    var isQuoted = false
    while index < value.count, isQuoted || value[index] != 0x2c {
      if value[index] == 0x22 { isQuoted.toggle() }
      index &+= isQuoted && value[index] == 0x5c ? 2 : 1
    }
    return index
  }
}
