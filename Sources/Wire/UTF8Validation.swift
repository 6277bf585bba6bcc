/// UTF-8 as the Unicode standard has it (table 3-7): no overlong form, no surrogate, nothing
/// beyond U+10FFFF.
public enum UTF8Validation {
  public static func isValid(_ text: Span<UInt8>) -> Bool {
    wellFormedEnd(of: text, from: 0) == text.count
  }

  /// The end of the well-formed characters that stand from `start` on, one behind the other.
  static func wellFormedEnd(of text: Span<UInt8>, from start: Int) -> Int {
    var index = start
    let count = text.count
    while index < count {
      if text[index] < 0x80 {
        index += 1
        while index &+ JSONWord.bytes <= count,
          JSONWord.beyondASCII(JSONWord.load(text, at: index)) == 0
        { index &+= JSONWord.bytes }
        continue
      }
      let length = sequenceLength(at: index, in: text)
      if length == 0 { return index }
      index += length
    }
    return index
  }

  /// The length of the character that begins at `index`, 0 where none well-formed does.
  @inline(__always)
  public static func sequenceLength(at index: Int, in text: Span<UInt8>) -> Int {
    let first = text[index]
    if first < 0x80 { return 1 }
    if first < 0xc2 || first > 0xf4 { return 0 }
    let rest = text.count - index
    guard rest >= 2 else { return 0 }
    let second = text[index + 1]
    if first < 0xe0 { return isContinuation(second) ? 2 : 0 }
    guard rest >= 3, isContinuation(text[index + 2]) else { return 0 }
    if first < 0xf0 {
      let least: UInt8 = first == 0xe0 ? 0xa0 : 0x80
      let most: UInt8 = first == 0xed ? 0x9f : 0xbf
      return second >= least && second <= most ? 3 : 0
    }
    guard rest >= 4, isContinuation(text[index + 3]) else { return 0 }
    let least: UInt8 = first == 0xf0 ? 0x90 : 0x80
    let most: UInt8 = first == 0xf4 ? 0x8f : 0xbf
    return second >= least && second <= most ? 4 : 0
  }

  /// The UTF-8 of a scalar, its first byte lowest, and how many bytes it takes.
  static func encode(_ scalar: UInt32) -> (bytes: UInt32, count: Int) {
    assert(scalar <= 0x10ffff && scalar & 0xffff_f800 != 0xd800)
    if scalar < 0x80 { return (scalar, 1) }
    let last = 0x80 | scalar & 0x3f
    if scalar < 0x800 { return (0xc0 | scalar >> 6 | last << 8, 2) }
    let middle = 0x80 | scalar >> 6 & 0x3f
    if scalar < 0x10000 { return (0xe0 | scalar >> 12 | middle << 8 | last << 16, 3) }
    let second = 0x80 | scalar >> 12 & 0x3f
    return (0xf0 | scalar >> 18 | second << 8 | middle << 16 | last << 24, 4)
  }

  static func append(scalar: UInt32, into target: inout ByteBuffer) {
    var (bytes, count) = encode(scalar)
    while count > 0 {
      target.append(UInt8(truncatingIfNeeded: bytes))
      bytes >>= 8
      count -= 1
    }
  }

  @inline(__always) private static func isContinuation(_ byte: UInt8) -> Bool {
    byte & 0xc0 == 0x80
  }
}
