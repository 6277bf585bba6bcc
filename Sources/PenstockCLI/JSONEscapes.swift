/// The escapes of JSON strings, undone wherever they stand, in a text of which nobody knows what it
/// is.
enum JSONEscapes {
  /// Appends what the text means; false, and nothing, where it holds no backslash. What is no
  /// escape stays as it is.
  static func undo(_ text: Span<UInt8>, into out: inout [UInt8]) -> Bool {
    var isAny = false
    for index in text.indices where text[index] == backslash {
      isAny = true
      break
    }
    if !isAny { return false }
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte == backslash, let (scalar, count) = scalar(at: index, in: text) {
        out += Array(String(scalar).utf8)
        index += count
      } else {
        out.append(byte)
        index += 1
      }
    }
    return true
  }

  private static let backslash: UInt8 = 0x5c

  /// The character that the escape at an index means, and the escape's bytes; nil where it is none.
  private static func scalar(
    at index: Int, in text: Span<UInt8>
  ) -> (Unicode.Scalar, count: Int)? {
    guard index + 1 < text.count else { return nil }
    switch text[index + 1] {
    case 0x22, 0x5c, 0x2f: return (Unicode.Scalar(text[index + 1]), 2)
    case 0x62: return ("\u{8}", 2)
    case 0x66: return ("\u{c}", 2)
    case 0x6e: return ("\n", 2)
    case 0x72: return ("\r", 2)
    case 0x74: return ("\t", 2)
    default: break
    }
    guard let first = unit(at: index, in: text) else { return nil }
    if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
    guard let second = unit(at: index + 6, in: text),
      0xd800..<0xdc00 ~= first, 0xdc00..<0xe000 ~= second
    else { return nil }
    let value = 0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00)
    return Unicode.Scalar(value).map { ($0, 12) }
  }

  /// What `\uXXXX` at an index says.
  private static func unit(at index: Int, in text: Span<UInt8>) -> UInt16? {
    guard index + 5 < text.count, text[index] == backslash, text[index + 1] == 0x75 else {
      return nil
    }
    var value: UInt16 = 0
    for place in (index + 2)..<(index + 6) {
      let character = Character(Unicode.Scalar(text[place]))
      guard let digit = character.hexDigitValue else { return nil }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}
