import CSystem

/// Zlib as what the stages are compared with, whichever library they use themselves.
///
/// The containers are written and read a second, simpler way here.
enum Oracle {
  static func deflated(_ bytes: [UInt8], level: Int = 6) -> [UInt8] {
    guard let context = cs_zlib_deflate_make(Int32(level)) else { return [] }
    defer { cs_zlib_deflate_free(context) }
    var out = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 64)
    var taken = bytes.count
    var written = out.count
    _ = cs_zlib_deflate(context, bytes, &taken, &out, &written, Int32(CS_DEFLATE_FINISH))
    return Array(out[..<written])
  }

  static func gzip(_ bytes: [UInt8], level: Int = 6, flags: UInt8 = 0, fields: [UInt8] = [])
    -> [UInt8]
  {
    let head = [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0xff] + fields
    return head + deflated(bytes, level: level) + littleEndian(crc32(bytes))
      + littleEndian(UInt32(truncatingIfNeeded: bytes.count))
  }

  static func wrapped(_ bytes: [UInt8], level: Int = 6) -> [UInt8] {
    [0x78, 0x9c] + deflated(bytes, level: level) + littleEndian(adler32(bytes)).reversed()
  }

  static func encoded(_ bytes: [UInt8], gzip isGzip: Bool) -> [UInt8] {
    isGzip ? gzip(bytes) : wrapped(bytes)
  }

  /// What can be read of raw data, and how much of it was; nil where it is not deflated.
  static func inflated(_ bytes: [UInt8]) -> (out: [UInt8], taken: Int, isEnd: Bool)? {
    guard let context = cs_zlib_inflate_make() else { return nil }
    defer { cs_zlib_inflate_free(context) }
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    var position = 0
    while true {
      var taken = bytes.count - position
      var written = piece.count
      let result = bytes.withUnsafeBufferPointer {
        Int(
          cs_zlib_inflate(
            context, $0.baseAddress.map { $0 + position }, &taken, &piece, &written))
      }
      all += piece[..<written]
      position += taken
      switch result {
      case CS_INFLATE_END: return (all, position, true)
      case CS_INFLATE_NEEDS_INPUT: return (all, position, false)
      case CS_DEFLATE_FULL: continue
      default: return nil
      }
    }
  }

  /// What an encoding of one member holds; nil where anything is not right.
  static func decoded(_ bytes: [UInt8], gzip isGzip: Bool) -> [UInt8]? {
    let head = isGzip ? 10 : 2
    guard bytes.count > head, let data = inflated(Array(bytes[head...])), data.isEnd else {
      return nil
    }
    let trailer: [UInt8] =
      isGzip
      ? littleEndian(crc32(data.out)) + littleEndian(UInt32(truncatingIfNeeded: data.out.count))
      : littleEndian(adler32(data.out)).reversed()
    return Array(bytes[(head + data.taken)...]) == trailer ? data.out : nil
  }

  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    bytes.isEmpty ? 0 : cs_zlib_crc32(0, bytes, bytes.count)
  }

  static func adler32(_ bytes: [UInt8]) -> UInt32 {
    bytes.isEmpty ? 1 : cs_zlib_adler32(1, bytes, bytes.count)
  }

  static func littleEndian(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
