import CSystem

/// The last TLS session of one account and origin, resumed by its next connection.
///
/// One, not many: a ticket may be used more than once (RFC 8446 §8 allows it, servers bound it),
/// and per account, so that no server can link two accounts by their tickets.
public final class TLSSessionStore {
  private var session: OpaquePointer?

  public init() {}

  deinit { SSL_SESSION_free(session) }

  /// Takes over the caller's reference.
  func keep(_ newest: OpaquePointer?) {
    SSL_SESSION_free(session)
    session = newest
  }

  /// Offers the session to a connection about to shake hands.
  func offer(to ssl: OpaquePointer) {
    if let session, SSL_SESSION_is_resumable(session) == 1 { SSL_set_session(ssl, session) }
  }
}
