/// What a read or a write on a byte stream came to. Expected outcomes are values.
public enum StreamResult: Equatable, Sendable {
  /// So many bytes moved, at least one.
  case moved(Int)
  /// Nothing now; the loop tells when to try again.
  case wouldBlock
  /// The peer ended its side in order: FIN, or close_notify on TLS.
  case ended
  /// The stream is broken.
  case failed(StreamFailure)
}

/// Why a byte stream broke.
public enum StreamFailure: Equatable, Sendable {
  /// RST, or another error of the socket, by errno.
  case reset(Int32)
  /// The TLS layer cannot go on: an alert, a bad record.
  case tls
  /// FIN without close_notify: the end may have been cut off by somebody (RFC 8446 §6.1).
  case truncated
}
