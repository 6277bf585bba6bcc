import CSystem

/// The library that deflates, inflates and sums, chosen when Penstock is built; see Package.swift.
///
/// ISA-L compresses a JSON document in a half to a quarter of zlib's time, but is not everywhere.
enum DeflateLibrary {
  #if PENSTOCK_ISAL
    /// ISA-L has three levels where zlib has nine.
    static func level(_ level: Int) -> Int { (min(max(level, 1), 9) + 2) / 3 }

    static func makeDeflate(level: Int) -> UnsafeMutableRawPointer? {
      cs_isal_deflate_make(Int32(level))
    }
    static func resetDeflate(_ context: UnsafeMutableRawPointer) { cs_isal_deflate_reset(context) }
    static func freeDeflate(_ context: UnsafeMutableRawPointer) { cs_isal_deflate_free(context) }
    static func deflate(
      _ context: UnsafeMutableRawPointer, _ input: UnsafePointer<UInt8>?, _ inputCount: inout Int,
      _ out: UnsafeMutablePointer<UInt8>, _ outCount: inout Int, _ what: Int
    ) -> Int {
      Int(cs_isal_deflate(context, input, &inputCount, out, &outCount, Int32(what)))
    }

    static func makeInflate() -> UnsafeMutableRawPointer? { cs_isal_inflate_make() }
    static func resetInflate(_ context: UnsafeMutableRawPointer) { cs_isal_inflate_reset(context) }
    static func freeInflate(_ context: UnsafeMutableRawPointer) { cs_isal_inflate_free(context) }
    static func inflate(
      _ context: UnsafeMutableRawPointer, _ input: UnsafePointer<UInt8>?, _ inputCount: inout Int,
      _ out: UnsafeMutablePointer<UInt8>, _ outCount: inout Int
    ) -> Int {
      Int(cs_isal_inflate(context, input, &inputCount, out, &outCount))
    }

    static func crc32(_ sum: UInt32, _ bytes: Span<UInt8>) -> UInt32 {
      bytes.withUnsafeBufferPointer { cs_isal_crc32(sum, $0.baseAddress, $0.count) }
    }
    static func adler32(_ sum: UInt32, _ bytes: Span<UInt8>) -> UInt32 {
      bytes.withUnsafeBufferPointer { cs_isal_adler32(sum, $0.baseAddress, $0.count) }
    }
  #else
    static func level(_ level: Int) -> Int { min(max(level, 1), 9) }

    static func makeDeflate(level: Int) -> UnsafeMutableRawPointer? {
      cs_zlib_deflate_make(Int32(level))
    }
    static func resetDeflate(_ context: UnsafeMutableRawPointer) { cs_zlib_deflate_reset(context) }
    static func freeDeflate(_ context: UnsafeMutableRawPointer) { cs_zlib_deflate_free(context) }
    static func deflate(
      _ context: UnsafeMutableRawPointer, _ input: UnsafePointer<UInt8>?, _ inputCount: inout Int,
      _ out: UnsafeMutablePointer<UInt8>, _ outCount: inout Int, _ what: Int
    ) -> Int {
      Int(cs_zlib_deflate(context, input, &inputCount, out, &outCount, Int32(what)))
    }

    static func makeInflate() -> UnsafeMutableRawPointer? { cs_zlib_inflate_make() }
    static func resetInflate(_ context: UnsafeMutableRawPointer) { cs_zlib_inflate_reset(context) }
    static func freeInflate(_ context: UnsafeMutableRawPointer) { cs_zlib_inflate_free(context) }
    static func inflate(
      _ context: UnsafeMutableRawPointer, _ input: UnsafePointer<UInt8>?, _ inputCount: inout Int,
      _ out: UnsafeMutablePointer<UInt8>, _ outCount: inout Int
    ) -> Int {
      Int(cs_zlib_inflate(context, input, &inputCount, out, &outCount))
    }

    static func crc32(_ sum: UInt32, _ bytes: Span<UInt8>) -> UInt32 {
      if bytes.isEmpty { return sum }  // zlib takes no bytes at no address for a new start
      return bytes.withUnsafeBufferPointer { cs_zlib_crc32(sum, $0.baseAddress, $0.count) }
    }
    static func adler32(_ sum: UInt32, _ bytes: Span<UInt8>) -> UInt32 {
      if bytes.isEmpty { return sum }
      return bytes.withUnsafeBufferPointer { cs_zlib_adler32(sum, $0.baseAddress, $0.count) }
    }
  #endif
}
