import Wire

/// Writes foreign bytes into a JSON string so that a log line stays one line of valid JSON,
/// whatever a peer sent, and so that a terminal shows it as it is.
///
/// Control characters, the Unicode line separators and the marks that reorder text become `\uXXXX`;
/// a byte that is not UTF-8 becomes U+FFFD.
enum LogText {
  private static let replacement: UInt32 = 0xfffd

  /// Appends at most `bytesMax` bytes, escapes included, never a part of a character.
  /// Returns whether all of `text` was written.
  static func append(_ text: Span<UInt8>, bytesMax: Int, into out: inout ByteBuffer) -> Bool {
    var left = bytesMax
    var index = 0
    while index < text.count {
      let start = index
      let end = start + min(left, text.count - start)
      while index < end, plain[Int(text[index])] == 1 { index &+= 1 }
      if index > start {
        out.append(text.extracting(start..<index))
        left -= index - start
        if index == text.count { return true }
      }
      if left == 0 { return false }
      let length = UTF8Validation.sequenceLength(at: index, in: text)
      let bytes = text.extracting(index..<index + max(1, length))
      let scalar = length == 0 ? replacement : scalar(of: bytes)
      let written = width(of: scalar, length: length)
      if written > left { return false }
      write(scalar, bytes, into: &out)
      left -= written
      index += bytes.count
    }
    return true
  }

  private static func width(of scalar: UInt32, length: Int) -> Int {
    switch scalar {
    case 0x22, 0x5c: 2
    case replacement: 3
    default: isEscaped(scalar) ? 6 : length
    }
  }

  private static func write(_ scalar: UInt32, _ bytes: Span<UInt8>, into out: inout ByteBuffer) {
    switch scalar {
    case 0x22: out.append("\\\"" as StaticString)
    case 0x5c: out.append("\\\\" as StaticString)
    case replacement: out.append("\u{fffd}" as StaticString)
    default:
      if !isEscaped(scalar) { return out.append(bytes) }
      out.append("\\u" as StaticString)
      for shift: UInt32 in [12, 8, 4, 0] { out.append(hexadecimal: UInt(scalar >> shift & 0xf)) }
    }
  }

  /// The scalar that one well-formed character encodes.
  private static func scalar(of bytes: Span<UInt8>) -> UInt32 {
    if bytes.count == 1 { return UInt32(bytes[0]) }
    var scalar = UInt32(bytes[0]) & (0x7f >> UInt32(bytes.count))
    for index in 1..<bytes.count { scalar = scalar << 6 | UInt32(bytes[index] & 0x3f) }
    return scalar
  }

  private static func isEscaped(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0...0x1f, 0x7f...0x9f: true  // C0, DEL, C1
    case 0x2028, 0x2029: true  // line and paragraph separator
    case 0x061c, 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069: true  // Bidi_Control
    case 0xfeff: true  // byte order mark
    default: false
    }
  }

  /// 1 exactly for the ASCII characters that a JSON string holds as they are.
  private static let plain: InlineArray<256, UInt8> = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ]
}
