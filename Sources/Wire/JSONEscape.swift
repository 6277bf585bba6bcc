/// One escape of a JSON string: `\n`, `\u00e9`, or a surrogate pair of two such.
struct JSONEscape {
  let scalar: UInt32
  /// Bytes that it takes in the text, 2, 6 or 12.
  let count: Int

  /// Reads the escape whose backslash stands at `index`.
  init(at index: Int, in text: Span<UInt8>) throws(JSONFault) {
    guard index + 1 < text.count else { throw JSONFault(.truncated, at: text.count) }
    guard text[index + 1] == 0x75 else {
      guard let meant = Self.short(text[index + 1]) else {
        throw JSONFault(.malformedEscape, at: index)
      }
      scalar = meant
      count = 2
      return
    }
    let unit = try Self.unit(at: index, in: text)
    if unit & 0xf800 != 0xd800 {
      scalar = unit
      count = 6
      return
    }
    guard unit < 0xdc00 else { throw JSONFault(.loneSurrogate, at: index) }
    let second = index + 6
    guard second < text.count else { throw JSONFault(.truncated, at: text.count) }
    guard text[second] == 0x5c else { throw JSONFault(.loneSurrogate, at: index) }
    guard second + 1 < text.count else { throw JSONFault(.truncated, at: text.count) }
    guard text[second + 1] == 0x75 else { throw JSONFault(.loneSurrogate, at: index) }
    let low = try Self.unit(at: second, in: text)
    guard low & 0xfc00 == 0xdc00 else { throw JSONFault(.loneSurrogate, at: index) }
    scalar = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff)
    count = 12
  }

  /// Reads an escape of a string that the scanner has already passed.
  init(scanned index: Int, in text: Span<UInt8>) {
    guard let escape = try? JSONEscape(at: index, in: text) else {
      preconditionFailure("the slice was not scanned from this text")
    }
    self = escape
  }

  private static func short(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x22, 0x5c, 0x2f: UInt32(byte)
    case 0x62: 0x08
    case 0x66: 0x0c
    case 0x6e: 0x0a
    case 0x72: 0x0d
    case 0x74: 0x09
    default: nil
    }
  }

  /// The UTF-16 unit of the `\uXXXX` at `index`.
  private static func unit(at index: Int, in text: Span<UInt8>) throws(JSONFault) -> UInt32 {
    var unit: UInt32 = 0
    for offset in 2..<6 {
      guard index + offset < text.count else { throw JSONFault(.truncated, at: text.count) }
      guard let digit = ByteClass.hexadecimal(text[index + offset]) else {
        throw JSONFault(.malformedEscape, at: index)
      }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }
}
