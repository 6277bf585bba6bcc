/// Bytes as text.
public enum Hexadecimal {
  /// Two lower-case digits a byte, the higher first.
  public static func text(of bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(PercentCoding.lowerHexadecimal[Int(byte >> 4)])
      text.append(PercentCoding.lowerHexadecimal[Int(byte & 0xf)])
    }
    return text
  }

  /// A lower-case digit of a number, of which 0 is the highest and 15 the lowest.
  static func digit(_ index: Int, of number: UInt64) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: (number >> UInt64(60 &- 4 &* index)) & 0xf)
    return digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
  }
}

extension ByteBuffer {
  /// Appends a byte in two lower-case hexadecimal digits.
  public mutating func append(twoDigits byte: UInt8) {
    append(PercentCoding.lowerHexadecimal[Int(byte >> 4)])
    append(PercentCoding.lowerHexadecimal[Int(byte & 0xf)])
  }

  /// Appends a number in 16 lower-case hexadecimal digits.
  public mutating func append(sixteenDigits number: UInt64) {
    _ = fill(minimum: 16) { space in
      var index = 0
      while index < 16 {
        space[index] = Hexadecimal.digit(index, of: number)
        index &+= 1
      }
      return 16
    }
  }
}
