import CSystem
import Wire

/// The one place where a secret meets bytes: credentials into requests, and out of what comes back.
///
/// Called last, when the egress policy has said yes and the rest of the head is written. Nothing
/// else calls `withBytes`, of a `Secret` or of an `InlineCredential`, but `SecretForms`, by which
/// the log knows secrets.
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
    isLeak(value, of: credential, bytesMin: 1)
  }

  /// The same for a field's name, in which what is short is a word like others.
  static func isLeak(name: Span<UInt8>, of credential: Credential) -> Bool {
    isLeak(name, of: credential, bytesMin: SecretForms.leastBytes)
  }

  private static func isLeak(
    _ text: Span<UInt8>, of credential: Credential, bytesMin: Int
  ) -> Bool {
    for secret in credential.values where secret.count <= text.count && secret.count >= bytesMin {
      if secret.withBytes({ repeats($0, text) }) { return true }
    }
    return false
  }

  // MARK: Credentials that came in an envelope

  /// Appends an envelope's credential field with its CRLF, where the account has its own.
  static func injectFields(
    _ inline: borrowing InlineCredential, of credential: Credential, into head: inout ByteBuffer
  ) {
    switch inline.placement {
    case .nothing, .query: return
    case .bearer: head.append("Authorization: Bearer ")
    case .basic: head.append("Authorization: Basic ")
    case .header:
      head.append(credential.headerLines[0].spelling)
      head.append(": ")
    }
    append(inline, to: &head)
    head.append("\r\n")
  }

  /// Appends an envelope's query credential to a target, under the account's own name.
  /// `mark`: what has to stand before it, `?` or `&`.
  static func injectQuery(
    _ inline: borrowing InlineCredential, of credential: Credential, behind mark: UInt8?,
    into target: inout ByteBuffer
  ) {
    guard inline.placement == .query, let slot = credential.query else { return }
    if let mark { target.append(mark) }
    target.append(QuerySlot.encoded(Array(slot.name.utf8)))
    target.append(0x3d)
    append(inline, to: &target)
  }

  /// True where the value holds a secret of the envelope: an upstream that echoes it back.
  static func isLeak(_ value: Span<UInt8>, of inline: borrowing InlineCredential) -> Bool {
    isLeak(value, of: inline, bytesMin: 1)
  }

  /// The same for a field's name.
  static func isLeak(name: Span<UInt8>, of inline: borrowing InlineCredential) -> Bool {
    isLeak(name, of: inline, bytesMin: SecretForms.leastBytes)
  }

  private static func isLeak(
    _ text: Span<UInt8>, of inline: borrowing InlineCredential, bytesMin: Int
  ) -> Bool {
    for form in InlineCredential.Form.allCases {
      let isThere = inline.withBytes(of: form) { secret in
        secret.count >= bytesMin && secret.count <= text.count && repeats(secret, text)
      }
      if isThere { return true }
    }
    return false
  }

  // MARK: Bytes

  private static func append(
    _ inline: borrowing InlineCredential, to buffer: inout ByteBuffer
  ) {
    withUnsafeMutablePointer(to: &buffer) { buffer in
      inline.withBytes(of: .sent) { buffer.pointee.append($0) }
    }
  }

  private static func append(_ secret: Secret, to buffer: inout ByteBuffer) {
    // Through a pointer, for a closure cannot borrow an inout ByteBuffer.
    withUnsafeMutablePointer(to: &buffer) { buffer in
      secret.withBytes { buffer.pointee.append($0) }
    }
  }

  /// A letter or two, as passwords that stand beside a token, are in every other word: they count
  /// where they are all that there is.
  private static func repeats(_ secret: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
    secret.count < 4 ? text.equals(secret) : contains(text, secret)
  }

  private static func contains(_ value: Span<UInt8>, _ secret: Span<UInt8>) -> Bool {
    value.withUnsafeBytes { value in
      secret.withUnsafeBytes { secret in
        cs_contains(value.baseAddress, value.count, secret.baseAddress, secret.count) == 1
      }
    }
  }
}
