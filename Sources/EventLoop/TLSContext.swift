import CSystem

/// The settings of a worker's TLS client streams that share trust: one `SSL_CTX`.
///
/// Parsing the system's roots takes about 54 ms, so contexts are made before serving begins.
/// Used by its loop's thread only.
public final class TLSContext {
  let context: OpaquePointer

  /// `caFile`: PEM certificates that replace the system's roots.
  /// `verifiesPeer`: false for who only measures; Penstock itself always does.
  /// Errors: `TLSContextFault` where the file holds no certificate or OpenSSL has no memory.
  public init(caFile: String?, verifiesPeer: Bool = true) throws(TLSContextFault) {
    guard let made = SSL_CTX_new(TLS_client_method()) else { throw .outOfMemory }
    context = made
    _ = cs_ssl_ctx_set_min_version(made, TLS1_2_VERSION)
    SSL_CTX_set_verify(made, verifiesPeer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    _ = cs_ssl_ctx_set_mode(
      made,
      Int(
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
          | SSL_MODE_RELEASE_BUFFERS))
    // One read of the socket takes as many records as it holds, not one: 5 % of a download.
    cs_ssl_ctx_set_read_ahead(made, 1)
    SSL_CTX_set_default_read_buffer_len(made, Self.readBufferBytes)
    _ = cs_ssl_ctx_set_session_cache_mode(
      made, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
    SSL_CTX_sess_set_new_cb(made, onNewSession)
    _ = SSL_CTX_set_options(made, cs_ssl_op_no_renegotiation | cs_ssl_op_no_compression)
    // AES-128-GCM first: the cheapest where the machine has AES instructions.
    _ = SSL_CTX_set_ciphersuites(
      made, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
    // The only protocol spoken; a server that prefers another one is not asked for it (RFC 7301).
    let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
    _ = SSL_CTX_set_alpn_protos(made, protocols, UInt32(protocols.count))
    let isLoaded =
      if let caFile {
        SSL_CTX_load_verify_file(made, caFile)
      } else {
        SSL_CTX_set_default_verify_paths(made)
      }
    if isLoaded != 1 {
      ERR_clear_error()
      throw .noCertificates
    }
  }

  /// Of a connection that is being read; an idle one has none (SSL_MODE_RELEASE_BUFFERS).
  private static let readBufferBytes = 64 * 1024

  deinit { SSL_CTX_free(context) }
}

/// Why a TLS context could not be made.
public enum TLSContextFault: Error, Sendable {
  case outOfMemory
  case noCertificates
}

/// Keeps the newest session ticket where the stream's owner asked for it.
private func onNewSession(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
  guard let ssl, let slot = SSL_get_ex_data(ssl, 0) else { return 0 }
  let store = Unmanaged<TLSSessionStore>.fromOpaque(slot).takeUnretainedValue()
  store.keep(session)
  return 1  // the reference is the store's now
}
