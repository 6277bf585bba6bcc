import Wire

/// What a container says of the data at its end: CRC-32 and length in gzip (RFC 1952 §2.3.1),
/// Adler-32 in zlib (RFC 1950 §2.2).
struct BodyChecksum {
  private let coding: ContentCoding
  private var sum: UInt32
  /// Modulo 2^32, as gzip counts.
  private var byteCount: UInt32 = 0

  init(_ coding: ContentCoding) {
    self.coding = coding
    sum = coding == .gzip ? 0 : 1
  }

  mutating func add(_ bytes: Span<UInt8>) {
    switch coding {
    case .gzip: sum = DeflateLibrary.crc32(sum, bytes)
    case .deflate: sum = DeflateLibrary.adler32(sum, bytes)
    }
    byteCount &+= UInt32(truncatingIfNeeded: bytes.count)
  }

  /// How many bytes the trailer has.
  var trailerCount: Int { coding == .gzip ? 8 : 4 }

  /// The trailer; its first byte is the lowest.
  var trailer: UInt64 {
    switch coding {
    case .gzip: UInt64(byteCount) << 32 | UInt64(sum)
    case .deflate: UInt64(sum.byteSwapped)
    }
  }

  func appendTrailer(to out: inout ByteBuffer) {
    for index in 0..<trailerCount {
      out.append(UInt8(truncatingIfNeeded: trailer >> (8 * UInt64(index))))
    }
  }
}
