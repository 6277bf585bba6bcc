import CSystem
import Glibc

/// A non-blocking stream of bytes over a socket, in its plain or its TLS form.
///
/// Owns the descriptor and, after `startTLS`, the SSL object; both go with `close` or deinit.
/// The owner watches the descriptor and calls again when the loop says so.
public struct ByteStream: ~Copyable {
  public private(set) var descriptor: Int32
  private var ssl: OpaquePointer?
  private var sessions: TLSSessionStore?
  /// True exactly when the last read or handshake step waits for room to write.
  public private(set) var readNeedsWritable = false

  /// Takes over a connected, non-blocking socket.
  public init(descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    if let ssl { SSL_free(ssl) }
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  public var isTLS: Bool { ssl != nil }

  /// The handshake went on from an earlier session (RFC 8446 §2.2).
  public var isResumed: Bool { ssl.map { SSL_session_reused($0) == 1 } ?? false }

  /// Why the peer's certificate is not trusted, in OpenSSL's words; after `.untrusted`.
  public var certificateFault: String? {
    ssl.map { String(cString: X509_verify_cert_error_string(SSL_get_verify_result($0))) }
  }

  /// Bytes that OpenSSL holds and epoll will not tell of.
  public var hasHeldInput: Bool { ssl.map { SSL_has_pending($0) == 1 } ?? false }

  // MARK: TLS

  /// Turns to TLS as a client; `handshake` goes on from here.
  /// `host`: a name or an address literal, which the certificate must be for (RFC 9110 §4.3.4).
  public mutating func startTLS(
    _ context: TLSContext, host: String, isAddress: Bool, sessions: TLSSessionStore
  ) -> Bool {
    precondition(ssl == nil)
    guard let made = SSL_new(context.context) else { return false }
    ssl = made
    self.sessions = sessions
    SSL_set_fd(made, descriptor)
    SSL_set_connect_state(made)
    _ = SSL_set_ex_data(made, 0, Unmanaged.passUnretained(sessions).toOpaque())
    sessions.offer(to: made)
    if isAddress {
      return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(made), host) == 1
    }
    SSL_set_hostflags(made, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    return SSL_set1_host(made, host) == 1 && cs_ssl_set_host_name(made, host) == 1
  }

  /// One step of the handshake.
  public mutating func handshake() -> HandshakeResult {
    guard let ssl else { return .failed }
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    if result == 1 { return .done }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ:
      readNeedsWritable = false
      return .wouldBlock
    case SSL_ERROR_WANT_WRITE:
      readNeedsWritable = true
      return .wouldBlock
    default:
      ERR_clear_error()
      return SSL_get_verify_result(ssl) == X509_V_OK ? .failed : .untrusted
    }
  }

  // MARK: Bytes

  /// Reads at most `space.count` bytes. A short read of a plain stream means that no more is there.
  public mutating func read(into space: UnsafeMutableRawBufferPointer) -> StreamResult {
    if let ssl { return readTLS(ssl, space) }
    while true {
      let count = recv(descriptor, space.baseAddress, space.count, 0)
      if count > 0 { return .moved(count) }
      if count == 0 { return .ended }
      if errno == EINTR { continue }
      return result(ofErrno: errno)
    }
  }

  /// Writes what the socket takes. On TLS, bytes that would block must be offered again, with more
  /// behind them or not, before any others.
  /// `hasMore`: others follow at once, so that a plain socket waits with one that is not full.
  public mutating func write(
    _ bytes: UnsafeRawBufferPointer, hasMore: Bool = false
  ) -> StreamResult {
    if let ssl { return writeTLS(ssl, bytes) }
    let flags = Int32(MSG_NOSIGNAL) | (hasMore ? Int32(MSG_MORE) : 0)
    while true {
      let count = send(descriptor, bytes.baseAddress, bytes.count, flags)
      if count >= 0 { return .moved(count) }
      if errno == EINTR { continue }
      return result(ofErrno: errno)
    }
  }

  // MARK: Without a copy; plain streams only

  /// Moves at most `count` bytes from the stream into the pipe, which must be empty.
  public func splice(into pipe: Pipe, count: Int) -> StreamResult {
    precondition(ssl == nil && pipe.count == 0, "only a plain stream, and only an empty pipe")
    while true {
      let moved = cs_splice(descriptor, pipe.writeEnd, count, 0)
      if moved > 0 {
        pipe.onFilled(moved)
        return .moved(moved)
      }
      if moved == 0 { return .ended }
      if errno != EINTR { return result(ofErrno: errno) }
    }
  }

  /// Moves what the stream takes out of the pipe.
  /// `hasMore`: other bytes follow at once.
  public func splice(from pipe: Pipe, hasMore: Bool) -> StreamResult {
    precondition(ssl == nil && pipe.count > 0, "only a plain stream, and only what is there")
    while true {
      let moved = cs_splice(pipe.readEnd, descriptor, pipe.count, hasMore ? 1 : 0)
      if moved > 0 {
        pipe.onDrained(moved)
        return .moved(moved)
      }
      precondition(moved < 0, "a pipe that holds bytes has not ended")
      if errno != EINTR { return result(ofErrno: errno) }
    }
  }

  /// Sends at most `count` bytes of a file from `offset` on, which moves behind them. `ended`: the
  /// file is shorter than that.
  public func sendFile(_ file: Int32, offset: inout Int, count: Int) -> StreamResult {
    precondition(ssl == nil, "only a plain stream")
    var position = off_t(offset)
    while true {
      let moved = cs_sendfile(descriptor, file, &position, count)
      offset = Int(position)
      if moved > 0 { return .moved(moved) }
      if moved == 0 { return .ended }
      if errno != EINTR { return result(ofErrno: errno) }
    }
  }

  /// True where bytes or an end wait already, without taking them: an idle connection that answers
  /// unasked, or whose peer has left, is not one to send a request on.
  public mutating func hasInputOrEnded() -> Bool {
    var byte: UInt8 = 0
    if let ssl {
      ERR_clear_error()
      let count = SSL_peek(ssl, &byte, 1)
      return count > 0 || SSL_get_error(ssl, count) != SSL_ERROR_WANT_READ
    }
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count >= 0 || (errno != EAGAIN && errno != EINTR)
  }

  /// Bytes that the kernel has taken and the peer has not: while their number falls, a peer that
  /// seems to take nothing is only slow, for a full socket asks for more long after.
  public var unacknowledgedBytes: Int { max(0, Int(cs_unacknowledged(descriptor))) }

  /// Ends this side; reading goes on.
  public mutating func shutDownWrites() {
    if let ssl {
      ERR_clear_error()
      _ = SSL_shutdown(ssl)
    }
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Makes `close` send RST instead of FIN, so that the peer cannot take a cut answer for a whole.
  public func abortOnClose() {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    let size = socklen_t(MemoryLayout<Glibc.linger>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, size)
  }

  /// Says good-bye on TLS, which also keeps the session fit for resumption.
  public mutating func close() {
    if let ssl {
      ERR_clear_error()
      if SSL_is_init_finished(ssl) == 1 { SSL_shutdown(ssl) }
      ERR_clear_error()
      SSL_free(ssl)
    }
    ssl = nil
    sessions = nil
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  // MARK: Helpers

  private mutating func readTLS(
    _ ssl: OpaquePointer, _ space: UnsafeMutableRawBufferPointer
  ) -> StreamResult {
    ERR_clear_error()
    readNeedsWritable = false
    let count = SSL_read(ssl, space.baseAddress, Int32(clamping: space.count))
    if count > 0 { return .moved(Int(count)) }
    let result = resultTLS(ssl, count)
    readNeedsWritable = SSL_want(ssl) == SSL_WRITING
    return result
  }

  private mutating func writeTLS(_ ssl: OpaquePointer, _ bytes: UnsafeRawBufferPointer)
    -> StreamResult
  {
    if bytes.isEmpty { return .moved(0) }
    ERR_clear_error()
    let count = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
    if count > 0 { return .moved(Int(count)) }
    return resultTLS(ssl, count)
  }

  private mutating func resultTLS(_ ssl: OpaquePointer, _ count: Int32) -> StreamResult {
    let number = errno
    switch SSL_get_error(ssl, count) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
    case SSL_ERROR_ZERO_RETURN: return .ended
    case SSL_ERROR_SYSCALL: return .failed(.reset(number))
    default:
      let reason = cs_err_reason(ERR_peek_error())
      ERR_clear_error()
      return .failed(reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ? .truncated : .tls)
    }
  }

  private func result(ofErrno number: Int32) -> StreamResult {
    precondition(number != EBADF && number != EFAULT, "a stream's descriptor is not its own")
    return number == EAGAIN ? .wouldBlock : .failed(.reset(number))
  }
}

/// What one step of a TLS handshake came to.
public enum HandshakeResult: Equatable, Sendable {
  case done
  case wouldBlock
  /// The peer's certificate is not trusted, has expired, or is for another name.
  case untrusted
  /// Anything else: an alert, no common version, a peer that does not speak TLS, an early end.
  case failed
}
