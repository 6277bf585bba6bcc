/// Base64 as RFC 4648 section 4 has it, padded, without a line break or any other stray byte.
public enum Base64 {
  public enum Fault: Error, Sendable {
    case foreignByte
    /// A length that is no multiple of four, or `=` where none belongs.
    case malformedPadding
    /// Bits behind the last byte that are not zero: two texts would mean the same bytes.
    case strayBits
  }

  public static func encode(_ source: Span<UInt8>, into target: inout ByteBuffer) {
    target.reserve((source.count + 2) / 3 * 4)
    var index = 0
    while index &+ 3 <= source.count {
      let group =
        UInt32(source[index]) << 16 | UInt32(source[index &+ 1]) << 8 | UInt32(source[index &+ 2])
      append(group >> 18, into: &target)
      append(group >> 12, into: &target)
      append(group >> 6, into: &target)
      append(group, into: &target)
      index &+= 3
    }
    let left = source.count - index
    if left == 0 { return }
    let group = UInt32(source[index]) << 16 | (left == 2 ? UInt32(source[index + 1]) << 8 : 0)
    append(group >> 18, into: &target)
    append(group >> 12, into: &target)
    if left == 2 { append(group >> 6, into: &target) }
    target.append(left == 2 ? "=" : "==")
  }

  /// Appends the bytes that `source` means; after a fault `target` is as it was.
  public static func decode(
    _ source: Span<UInt8>, into target: inout ByteBuffer
  ) throws(Fault) {
    guard source.count & 3 == 0 else { throw .malformedPadding }
    if source.isEmpty { return }
    let before = target.count
    target.reserve(source.count / 4 * 3)
    let padding = source[source.count - 1] != 0x3d ? 0 : source[source.count - 2] != 0x3d ? 1 : 2
    let end = source.count - padding
    var group: UInt32 = 0
    var fault: Fault?
    for index in 0..<end {
      let value = values[Int(source[index])]
      if value > 63 {
        fault = source[index] == 0x3d ? .malformedPadding : .foreignByte
        break
      }
      group = group << 6 | UInt32(value)
      if index & 3 == 3 {
        target.append(UInt8(truncatingIfNeeded: group >> 16))
        target.append(UInt8(truncatingIfNeeded: group >> 8))
        target.append(UInt8(truncatingIfNeeded: group))
      }
    }
    if fault == nil, padding == 1 {
      if group & 3 != 0 { fault = .strayBits }
      target.append(UInt8(truncatingIfNeeded: group >> 10))
      target.append(UInt8(truncatingIfNeeded: group >> 2))
    } else if fault == nil, padding == 2 {
      if group & 15 != 0 { fault = .strayBits }
      target.append(UInt8(truncatingIfNeeded: group >> 4))
    }
    guard let fault else { return }
    target.truncate(to: before)
    throw fault
  }

  private static func append(_ sextet: UInt32, into target: inout ByteBuffer) {
    target.append(alphabet.utf8Start[Int(sextet & 63)])
  }

  private static let alphabet: StaticString =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  /// What each byte stands for, 255 for those outside the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for value in 0..<64 { values[Int(alphabet.utf8Start[value])] = UInt8(value) }
    return values
  }()
}
