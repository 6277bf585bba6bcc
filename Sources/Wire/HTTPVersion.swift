/// `HTTP/1.1` and `HTTP/1.0`, the versions that are spoken here (RFC 9112 §2.3).
enum HTTPVersion {
  /// The minor version of an HTTP/1 name; else what is wrong with the name.
  static func minor(_ text: Span<UInt8>) -> (Int?, HeadFault) {
    guard text.count == 8, text.starts(with: "HTTP/"), ByteClass.isDigit(text[5]),
      text[6] == 0x2e, ByteClass.isDigit(text[7])
    else { return (nil, .malformed) }
    guard text[5] == 0x31, text[7] < 0x32 else { return (nil, .versionNotSupported) }
    return (Int(text[7] - 0x30), .malformed)
  }
}
