/// Percent-encoding (RFC 3986 section 2).
public enum PercentCoding {
  /// Appends `text` so that it is one name or one value of a query whatever it holds: all but
  /// the unreserved characters is encoded.
  public static func encode(_ text: Span<UInt8>, into target: inout ByteBuffer) {
    var index = 0
    while index < text.count {
      let run = index
      while index < text.count, isUnreserved(text[index]) { index &+= 1 }
      target.append(text.extracting(run..<index))
      while index < text.count, !isUnreserved(text[index]) {
        target.append(0x25)
        target.append(upperHexadecimal[Int(text[index] >> 4)])
        target.append(upperHexadecimal[Int(text[index] & 0xf)])
        index &+= 1
      }
    }
  }

  /// Appends what `text` means; false, and `target` as it was, where a `%` has no two digits.
  public static func decode(_ text: Span<UInt8>, into target: inout ByteBuffer) -> Bool {
    let before = target.count
    var index = 0
    while index < text.count {
      if text[index] != 0x25 {
        target.append(text[index])
        index += 1
        continue
      }
      guard let byte = byte(at: index, in: text) else {
        target.truncate(to: before)
        return false
      }
      target.append(byte)
      index += 3
    }
    return true
  }

  /// Whether `text`, decoded, is `name` in whatever case of ASCII letters. A `%` without two
  /// digits stands for itself, as most servers have it.
  public static func decodesLoosely(_ text: Span<UInt8>, to name: Span<UInt8>) -> Bool {
    var index = 0
    for position in 0..<name.count {
      guard index < text.count else { return false }
      let decoded = byte(at: index, in: text)
      let own = ByteClass.lowercased(decoded ?? text[index])
      guard own == ByteClass.lowercased(name[position]) else { return false }
      index += decoded == nil ? 1 : 3
    }
    return index == text.count
  }

  /// The byte that the `%XX` at `index` means, nil where none stands.
  public static func byte(at index: Int, in text: Span<UInt8>) -> UInt8? {
    guard index + 2 < text.count, text[index] == 0x25,
      let high = ByteClass.hexadecimal(text[index + 1]),
      let low = ByteClass.hexadecimal(text[index + 2])
    else { return nil }
    return high << 4 | low
  }

  /// `A-Z a-z 0-9 - . _ ~`
  @inline(__always) public static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
    default: false
    }
  }

  static let lowerHexadecimal: [16 of UInt8] = [
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
  ]
  private static let upperHexadecimal: [16 of UInt8] = [
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46,
  ]
}
