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
}
