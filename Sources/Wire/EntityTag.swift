/// The value of ETag (RFC 9110 §8.8.3).
public enum EntityTag {
  /// `"…"` or `W/"…"`, the W in upper case.
  public static func isWellFormed(_ tag: Span<UInt8>) -> Bool {
    let start = isWeak(tag) ? 2 : 0
    guard tag.count >= start + 2, tag[start] == 0x22, tag[tag.count - 1] == 0x22 else {
      return false
    }
    var index = start + 1
    while index < tag.count - 1 {
      if tag[index] <= 0x20 || tag[index] == 0x22 || tag[index] == 0x7f { return false }
      index &+= 1
    }
    return true
  }

  static func isWeak(_ tag: Span<UInt8>) -> Bool { tag.starts(with: "W/") }
}

extension ByteBuffer {
  /// Appends the weak form of a well-formed tag; a weak one as it is.
  public mutating func appendWeakened(_ tag: Span<UInt8>) {
    if !EntityTag.isWeak(tag) { append("W/") }
    append(tag)
  }
}
