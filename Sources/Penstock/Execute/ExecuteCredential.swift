import Upstream
import Wire

/// The credential of an envelope's request: the account's, or one that came in the envelope.
extension ExecuteRequest {
  /// Appends what Penstock says for itself, the credential last.
  borrowing func appendOwnFields(
    _ account: Account, requestID: Span<UInt8>, into out: inout ByteBuffer
  ) {
    RequestRewrite.appendOwnFields(
      account, injects: !inline.isGiven, requestID: requestID, into: &out)
    if inline.isGiven {
      CredentialInjector.injectFields(inline, of: account.credential, into: &out)
    }
  }

  /// `mark`: what has to stand before a query credential, `?` or `&`.
  borrowing func appendQueryCredential(
    _ account: Account, behind mark: UInt8?, into out: inout ByteBuffer
  ) {
    if inline.isGiven {
      CredentialInjector.injectQuery(inline, of: account.credential, behind: mark, into: &out)
    } else {
      CredentialInjector.injectQuery(account.credential, behind: mark, into: &out)
    }
  }

  /// True where the value holds a secret that was sent or that the account has.
  borrowing func isLeak(_ value: Span<UInt8>, of account: Account) -> Bool {
    if CredentialInjector.isLeak(value, of: account.credential) { return true }
    return inline.isGiven && CredentialInjector.isLeak(value, of: inline)
  }

  /// The same for a field's name.
  borrowing func isLeak(name: Span<UInt8>, of account: Account) -> Bool {
    if CredentialInjector.isLeak(name: name, of: account.credential) { return true }
    return inline.isGiven && CredentialInjector.isLeak(name: name, of: inline)
  }
}

extension Exchange {
  /// Decides where a credential of the envelope goes, and sees to it that it stays nowhere.
  func placeInlineCredential(
    _ execute: ExecuteEnd, _ account: Account
  ) throws(PenstockError) {
    if !execute.request.inline.isGiven { return }
    record.isCredentialInline = true
    requestBytes.holdsSecrets = true
    do throws(PenstockError) {
      try execute.request.inline.place(as: account)
    } catch {
      if error == .validationError {
        execute.request.add(FieldProblem(place: .connectionValue, field: nil, deed: .unfit))
      }
      throw error
    }
  }

  /// A connection that carried a credential of an envelope is nobody else's: it is dialled for the
  /// one request and closed behind it.
  func pool(
    for execute: ExecuteEnd, _ account: Account, _ resolved: EndpointResolver.Resolved
  ) -> ConnectionPool? {
    execute.request.inline.isGiven
      ? worker.singleUsePool(of: account, resolved.origin, isBase: resolved.isBase)
      : worker.pool(of: account, resolved.origin, isBase: resolved.isBase)
  }
}
