import Wire

/// Whether a path says the same to everyone who reads it: no dot segment in any encoding, no
/// encoded control character, no backslash.
///
/// A path that one server resolves and another does not is how a request leaves the part of an
/// API that it was meant for. Judged as it stands, decoded once, and decoded twice. An encoded
/// slash elsewhere passes: identifiers hold them.
struct PathRule: ~Copyable {
  enum Fault {
    case malformed, dotSegment
  }

  private var once = ByteBuffer()
  private var twice = ByteBuffer()

  /// `path`: without its query; of target bytes only.
  mutating func fault(in path: Span<UInt8>) -> Fault? {
    if path.index(of: 0x5c, from: 0) != nil { return .malformed }
    if PathRule.hasDotSegment(path) { return .dotSegment }
    if path.index(of: 0x25, from: 0) == nil { return nil }
    once.removeAll()
    if !PathRule.decode(path, into: &once) { return .malformed }
    if let fault = PathRule.faultInDecoded(once.span) { return fault }
    if PathRule.hasControl(once.span) { return .malformed }
    if once.span.index(of: 0x25, from: 0) == nil { return nil }
    return PathRule.faultDecodedAgain(once, &twice)
  }

  /// A `%` that is no longer an encoding after one step is text; what stands around it is judged.
  private static func faultDecodedAgain(
    _ path: borrowing ByteBuffer, _ scratch: inout ByteBuffer
  ) -> Fault? {
    scratch.removeAll()
    _ = decode(path.span, isStrict: false, into: &scratch)
    return faultInDecoded(scratch.span)
  }

  /// True where the path, decoded, begins with two slashes: some read a host behind them.
  mutating func beginsWithAuthority(_ path: Span<UInt8>) -> Bool {
    once.removeAll()
    if !PathRule.decode(path, into: &once) || once.count < 2 { return false }
    return once.span[1] == 0x2f || once.span[1] == 0x5c
  }

  private static func faultInDecoded(_ path: Span<UInt8>) -> Fault? {
    if hasDotSegment(path) || hasOverlongByte(path) { return .dotSegment }
    return nil
  }

  /// A segment that is `.` or `..`, parameters behind `;` aside.
  private static func hasDotSegment(_ path: Span<UInt8>) -> Bool {
    var index = 0
    while index < path.count {
      let start = index
      while index < path.count, path[index] == 0x2e { index &+= 1 }
      let dots = index - start
      let isEnd = index == path.count || isSeparator(path[index]) || path[index] == 0x3b
      if isEnd, dots == 1 || dots == 2 { return true }
      while index < path.count, !isSeparator(path[index]) { index &+= 1 }
      index &+= 1
    }
    return false
  }

  /// An overlong form, which old decoders took for a dot or a slash (RFC 3629 §10).
  private static func hasOverlongByte(_ path: Span<UInt8>) -> Bool {
    var index = 0
    while index < path.count {
      let byte = path[index]
      index &+= 1
      if byte == 0xc0 || byte == 0xc1 { return true }
      if index == path.count { break }
      if byte == 0xe0, path[index] < 0xa0 { return true }
      if byte == 0xf0, path[index] < 0x90 { return true }
    }
    return false
  }

  private static func hasControl(_ path: Span<UInt8>) -> Bool {
    var index = 0
    while index < path.count {
      if path[index] < 0x20 || path[index] == 0x7f { return true }
      index &+= 1
    }
    return false
  }

  private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x2f || byte == 0x5c }

  /// Percent-decodes. A `%` that two digits do not follow ends it, or stands for itself.
  private static func decode(
    _ text: Span<UInt8>, isStrict: Bool = true, into out: inout ByteBuffer
  ) -> Bool {
    var index = 0
    while index < text.count {
      if text[index] == 0x25 {
        if let byte = PercentCoding.byte(at: index, in: text) {
          out.append(byte)
          index &+= 3
          continue
        }
        if isStrict { return false }
      }
      out.append(text[index])
      index &+= 1
    }
    return true
  }
}
