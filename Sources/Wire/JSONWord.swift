/// Eight bytes of a text looked at as one number, the first byte lowest.
///
/// Each mask has the high bit of a byte set where the byte is of the kind asked for. Only the
/// lowest set bit is exact: a borrow may set bits above it.
enum JSONWord {
  static let bytes = 8
  private static let lows: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always) static func load(_ text: Span<UInt8>, at index: Int) -> UInt64 {
    assert(index >= 0 && index + bytes <= text.count)
    let word = unsafe text.bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: index, as: UInt64.self)
    return UInt64(littleEndian: word)
  }

  /// The bytes of more than seven bits.
  @inline(__always) static func beyondASCII(_ word: UInt64) -> UInt64 { word & highs }

  /// The bytes that may not stand in a JSON string as they are: controls, quote and backslash.
  @inline(__always) static func special(_ word: UInt64) -> UInt64 {
    let quote = word ^ (lows &* 0x22)
    let backslash = word ^ (lows &* 0x5c)
    let control = (word &- lows &* 0x20) & ~word
    return (control | ((quote &- lows) & ~quote) | ((backslash &- lows) & ~backslash)) & highs
  }

  /// The end of the run of bytes from `start` that stand for themselves in a JSON string.
  @inline(__always) static func plainEnd(of text: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index &+ bytes <= text.count {
      let special = special(load(text, at: index))
      if special != 0 { return index &+ leading(special) }
      index &+= bytes
    }
    while index < text.count, !needsEscape(text[index]) { index &+= 1 }
    return index
  }

  /// Whether a byte may not stand in a JSON string as it is: a control, quote or backslash.
  @inline(__always) static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x22 || byte == 0x5c
  }

  /// How many bytes stand before the lowest one that `mask` marks.
  @inline(__always) static func leading(_ mask: UInt64) -> Int { mask.trailingZeroBitCount >> 3 }
}
