import CSystem
import Wire

/// The SHA-256 of an API key, or of another key of the configuration: all that is kept of it.
public struct KeyDigest: Sendable {
  /// The 32 bytes as they lie in memory, so that hashing a shown key allocates nothing.
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  /// The digest of a key as a caller shows it.
  public init(of key: Span<UInt8>) {
    key.withUnsafeBytes { key in
      withUnsafeMutableBytes(of: &words) { digest in
        let bytes = digest.assumingMemoryBound(to: UInt8.self)
        cs_sha256(key.baseAddress, key.count, bytes.baseAddress)
      }
    }
  }

  /// Reads 64 hexadecimal digits; nil for anything else.
  public init?(hexadecimal text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: 64, by: 2) {
      guard let high = Self.digit(digits[index]), let low = Self.digit(digits[index + 1]) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
  }

  /// Lends the 32 bytes for one call.
  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    Swift.withUnsafeBytes(of: words, body)
  }

  /// The first digits of it, `count` of 64 at the most, in lower case.
  public func hexadecimal(count: Int) -> String {
    let text = Hexadecimal.text(of: withUnsafeBytes { Array($0) })
    return String(decoding: text.prefix(count), as: UTF8.self)
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x41...0x46: character - 0x41 + 10
    case 0x61...0x66: character - 0x61 + 10
    default: nil
    }
  }
}

extension KeyDigest: Equatable {
  /// Without branches, so that its time says nothing about where two digests differ.
  public static func == (left: KeyDigest, right: KeyDigest) -> Bool {
    let difference =
      (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1)
      | (left.words.2 ^ right.words.2) | (left.words.3 ^ right.words.3)
    return difference == 0
  }
}
