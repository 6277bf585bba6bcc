import CSystem
import Wire

/// The one place where a secret meets bytes: credentials into requests, and out of what comes back.
///
/// Called last, when the egress policy has said yes and the rest of the head is written. Nothing
/// else calls `Secret.withBytes`.
enum CredentialInjector {
  /// Appends the account's credential fields, each with its CRLF.
  static func injectFields(_ credential: Credential, into head: inout ByteBuffer) {
    for slot in credential.headerLines { append(slot.line, to: &head) }
  }

  /// Appends the account's query credential to a target.
  /// `mark`: what has to stand before it, `?` or `&`.
  static func injectQuery(
    _ credential: Credential, behind mark: UInt8?, into target: inout ByteBuffer
  ) {
    guard let slot = credential.query else { return }
    if let mark { target.append(mark) }
    append(slot.pair, to: &target)
  }

  /// True where the value holds a secret of the account: an upstream that echoes it back.
  static func isLeak(_ value: Span<UInt8>, of credential: Credential) -> Bool {
    for secret in credential.values where secret.count <= value.count && secret.count > 0 {
      if secret.withBytes({ contains(value, $0) }) { return true }
    }
    return false
  }

  private static func append(_ secret: Secret, to buffer: inout ByteBuffer) {
    // Through a pointer, for a closure cannot borrow an inout ByteBuffer.
    withUnsafeMutablePointer(to: &buffer) { buffer in
      secret.withBytes { buffer.pointee.append($0) }
    }
  }

  private static func contains(_ value: Span<UInt8>, _ secret: Span<UInt8>) -> Bool {
    value.withUnsafeBytes { value in
      secret.withUnsafeBytes { secret in
        cs_contains(value.baseAddress, value.count, secret.baseAddress, secret.count) == 1
      }
    }
  }
}
