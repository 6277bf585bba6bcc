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
    if source.isEmpty { return }
    var outcome = Result<Int, Fault>.success(0)
    source.withUnsafeBufferPointer { bytes in
      _ = target.fill(minimum: source.count / 4 * 3) { space in
        outcome = decode(bytes, to: space.baseAddress.unsafelyUnwrapped)
        return (try? outcome.get()) ?? 0
      }
    }
    _ = try outcome.get()
  }

  /// Decodes what stands in `range` of `buffer`, counted from its first byte, where it stands: the
  /// bytes that it means begin where it began. Returns their number. After a fault nobody knows
  /// what is in the range.
  public static func decode(
    inPlace range: Range<Int>, of buffer: inout ByteBuffer
  ) throws(Fault) -> Int {
    if range.isEmpty { return 0 }
    return try buffer.withUnsafeMutableBytes { bytes in
      let text = UnsafeBufferPointer(rebasing: bytes.bindMemory(to: UInt8.self)[range])
      return decode(text, to: bytes.baseAddress.unsafelyUnwrapped + range.lowerBound)
    }.get()
  }

  /// `target` may be the source itself: it is written behind what was read.
  private static func decode(
    _ source: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableRawPointer
  ) -> Result<Int, Fault> {
    guard source.count & 3 == 0 else { return .failure(.malformedPadding) }
    let padding = source[source.count - 1] != 0x3d ? 0 : source[source.count - 2] != 0x3d ? 1 : 2
    let wholeEnd = padding == 0 ? source.count : source.count - 4
    var written = 0
    var fault: Fault?
    values.withUnsafeBufferPointer { values in
      var index = 0
      while index < wholeEnd {
        let first = values[Int(source[index])]
        let second = values[Int(source[index &+ 1])]
        let third = values[Int(source[index &+ 2])]
        let fourth = values[Int(source[index &+ 3])]
        if (first | second | third | fourth) > 63 {
          fault = self.fault(in: source[index..<(index + 4)])
          return
        }
        let group =
          UInt32(first) << 18 | UInt32(second) << 12 | UInt32(third) << 6 | UInt32(fourth)
        target.storeBytes(of: UInt8(group >> 16), toByteOffset: written, as: UInt8.self)
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: group >> 8), toByteOffset: written &+ 1, as: UInt8.self)
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: group), toByteOffset: written &+ 2, as: UInt8.self)
        written &+= 3
        index &+= 4
      }
    }
    if let fault { return .failure(fault) }
    if padding == 0 { return .success(written) }
    return decodeLast(source[wholeEnd..<(source.count - padding)], to: target + written)
      .map { written + $0 }
  }

  /// The two or three characters in front of the padding.
  private static func decodeLast(
    _ source: Swift.Slice<UnsafeBufferPointer<UInt8>>, to target: UnsafeMutableRawPointer
  ) -> Result<Int, Fault> {
    if let fault = fault(in: source) { return .failure(fault) }
    var group: UInt32 = 0
    for byte in source { group = group << 6 | UInt32(values[Int(byte)]) }
    let stray: UInt32 = source.count == 3 ? 2 : 4
    if group & (1 << stray - 1) != 0 { return .failure(.strayBits) }
    group >>= stray
    let count = source.count - 1
    for index in 0..<count {
      let byte = UInt8(truncatingIfNeeded: group >> UInt32(8 * (count - 1 - index)))
      target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }
    return .success(count)
  }

  private static func fault(in text: Swift.Slice<UnsafeBufferPointer<UInt8>>) -> Fault? {
    for byte in text where values[Int(byte)] > 63 {
      return byte == 0x3d ? .malformedPadding : .foreignByte
    }
    return nil
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
