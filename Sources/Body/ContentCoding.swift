import Wire

/// The content codings that Penstock can put on and take off (RFC 9110 §8.4.1).
public enum ContentCoding: UInt8, Sendable, CaseIterable {
  /// RFC 1952; `x-gzip` is the same.
  case gzip
  /// A zlib stream (RFC 1950). When taken off, the raw form (RFC 1951) that some servers send
  /// passes, too.
  case deflate

  /// The coding of a name, in any case; nil for one that Penstock does not know.
  public init?(named name: Span<UInt8>) {
    if name.equalsIgnoringCase("gzip") || name.equalsIgnoringCase("x-gzip") {
      self = .gzip
    } else if name.equalsIgnoringCase("deflate") {
      self = .deflate
    } else {
      return nil
    }
  }

  /// The one that a client likes best.
  public init(_ preferred: AcceptEncoding.Coding) {
    switch preferred {
    case .gzip: self = .gzip
    case .deflate: self = .deflate
    }
  }

  /// As it stands in Content-Encoding.
  public var name: StaticString {
    switch self {
    case .gzip: "gzip"
    case .deflate: "deflate"
    }
  }
}
