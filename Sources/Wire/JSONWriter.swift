/// Appends JSON to a buffer, piece by piece; commas and braces are the caller's.
public enum JSONWriter {
  /// Appends a string in quotes. `text` must be UTF-8.
  public static func append(string text: Span<UInt8>, into target: inout ByteBuffer) {
    target.append(0x22)
    append(content: text, into: &target)
    target.append(0x22)
  }

  /// Appends a string in quotes. `literal` must need no escape.
  public static func append(literal: StaticString, into target: inout ByteBuffer) {
    target.append(0x22)
    target.append(literal)
    target.append(0x22)
  }

  /// Appends `"key":`. `key` must need no escape.
  public static func append(key: StaticString, into target: inout ByteBuffer) {
    append(literal: key, into: &target)
    target.append(0x3a)
  }

  /// Appends what stands between the quotes, out of bytes that are a character each: latin-1, or
  /// where `isWindows1252` the set of that name.
  public static func append(
    singleBytes text: Span<UInt8>, isWindows1252: Bool, into target: inout ByteBuffer
  ) {
    var index = 0
    append(
      singleBytes: text, from: &index, isWindows1252: isWindows1252, into: &target, until: .max)
  }

  /// Appends what stands between the quotes, so that a long string can come in parts.
  /// `text` must be UTF-8.
  public static func append(content text: Span<UInt8>, into target: inout ByteBuffer) {
    var index = 0
    append(content: text, from: &index, into: &target, until: .max)
  }

  // MARK: As far as there is room

  /// The same from `index` on, which moves behind what was taken, until `target` holds `end` bytes,
  /// or up to 5 more.
  static func append(
    singleBytes text: Span<UInt8>, from index: inout Int, isWindows1252: Bool,
    into target: inout ByteBuffer, until end: Int
  ) {
    while index < text.count, target.count < end {
      var ascii = index
      while ascii < text.count, text[ascii] < 0x80 { ascii &+= 1 }
      append(content: text.extracting(0..<ascii), from: &index, into: &target, until: end)
      while index < text.count, text[index] >= 0x80, target.count < end {
        let byte = text[index]
        let isMoved = isWindows1252 && byte < 0xa0
        let scalar = isMoved ? UInt32(windows1252[Int(byte) - 0x80]) : UInt32(byte)
        UTF8Validation.append(scalar: scalar, into: &target)
        index &+= 1
      }
    }
  }

  /// The same from `index` on, which moves behind what was taken, until `target` holds `end` bytes,
  /// or up to 5 more.
  static func append(
    content text: Span<UInt8>, from index: inout Int, into target: inout ByteBuffer, until end: Int
  ) {
    while index < text.count, target.count < end {
      let plain = JSONWord.plainEnd(of: text, from: index) - index
      let run = index..<index + min(plain, end - target.count)
      target.append(text.extracting(run))
      index = run.upperBound
      while index < text.count, target.count < end, escape(text[index], into: &target) {
        index &+= 1
      }
    }
  }

  /// Appends the escape of a byte that needs one; false for any other.
  private static func escape(_ byte: UInt8, into target: inout ByteBuffer) -> Bool {
    guard JSONWord.needsEscape(byte) else { return false }
    target.append(0x5c)
    switch byte {
    case 0x22, 0x5c: target.append(byte)
    case 0x08: target.append(0x62)
    case 0x09: target.append(0x74)
    case 0x0a: target.append(0x6e)
    case 0x0c: target.append(0x66)
    case 0x0d: target.append(0x72)
    default:
      target.append("u00")
      target.append(byte < 0x10 ? 0x30 : 0x31)
      target.append(PercentCoding.lowerHexadecimal[Int(byte & 0xf)])
    }
    return true
  }

  /// What windows-1252 has at 0x80 to 0x9f; the five bytes it leaves open stay as they are.
  private static let windows1252: [32 of UInt16] = [
    0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
    0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
  ]
}
