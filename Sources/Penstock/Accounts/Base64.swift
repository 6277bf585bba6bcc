/// RFC 4648 §4, for what is computed once when the configuration is read.
enum Base64 {
  static func encoded(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var word = 0
      for byte in group { word = word << 8 | Int(byte) }
      word <<= 8 * (3 - group.count)
      for position in 0..<4 {
        let isPadding = position > group.count
        result.append(isPadding ? 0x3d : digits[word >> (18 - 6 * position) & 63])
      }
    }
    return result
  }
}
