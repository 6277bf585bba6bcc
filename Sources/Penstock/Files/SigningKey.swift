import CSystem
import Wire

/// A key that links to binary results are signed with: the SHA-256 of what the configuration says,
/// or bytes from the kernel. It never leaves the process.
public struct SigningKey: Sendable {
  private let digest: KeyDigest

  /// `text`: as it is configured.
  public init(of text: Span<UInt8>) { digest = KeyDigest(of: text) }

  /// A new one. Errors: the kernel gives no random bytes.
  static func random() throws(ServerFault) -> SigningKey {
    var bytes = [UInt8](repeating: 0, count: 32)
    guard cs_random(&bytes, bytes.count) == 0 else { throw ServerFault("no random bytes") }
    return SigningKey(of: bytes.span)
  }

  /// The HMAC-SHA256 (RFC 2104) of a message, in lower-case hexadecimal: 64 bytes.
  func signature(of message: Span<UInt8>) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    digest.withUnsafeBytes { key in
      message.withUnsafeBytes { message in
        cs_hmac_sha256(
          key.baseAddress, key.count, message.baseAddress, message.count, &code)
      }
    }
    return Hexadecimal.text(of: code)
  }
}
