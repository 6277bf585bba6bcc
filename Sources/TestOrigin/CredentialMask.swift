import Wire

/// Hides what may be a credential, but for its end: enough to see which one was sent.
enum CredentialMask {
  private static let shownBytes = 4
  /// A shorter secret would be half told by its end.
  private static let leastBytes = 8

  /// True for Authorization, and for every name that holds `key`, `token` or `secret`.
  static func isNeeded(forName name: Span<UInt8>) -> Bool {
    name.equalsIgnoringCase("authorization") || contains(name, "key") || contains(name, "token")
      || contains(name, "secret")
  }

  /// Appends the value with all but its last four bytes hidden. The scheme of an Authorization
  /// field is no secret.
  static func append(_ value: Span<UInt8>, into target: inout ByteBuffer) {
    let scheme = schemeCount(value)
    target.append(value.extracting(0..<scheme))
    target.append("***")
    if value.count - scheme < leastBytes { return }
    target.append(value.extracting((value.count - shownBytes)..<value.count))
  }

  private static func schemeCount(_ value: Span<UInt8>) -> Int {
    guard let space = value.index(of: 0x20, from: 0) else { return 0 }
    let scheme = value.extracting(0..<space)
    let isKnown = scheme.equalsIgnoringCase("bearer") || scheme.equalsIgnoringCase("basic")
    return isKnown ? space + 1 : 0
  }

  /// Appends a target whose query has the values of such names hidden.
  static func append(target text: Span<UInt8>, into target: inout ByteBuffer) {
    var start = text.index(of: 0x3f, from: 0).map { $0 + 1 } ?? text.count
    target.append(text.extracting(0..<start))
    while start < text.count {
      let end = text.index(of: 0x26, from: start) ?? text.count
      append(pair: text.extracting(start..<end), into: &target)
      if end < text.count { target.append(0x26) }
      start = end + 1
    }
  }

  private static func append(pair: Span<UInt8>, into target: inout ByteBuffer) {
    guard let equals = pair.index(of: 0x3d, from: 0) else { return target.append(pair) }
    let name = pair.extracting(0..<equals)
    var decoded = ByteBuffer()
    if !PercentCoding.decode(name, into: &decoded) { decoded.append(name) }
    if !isNeeded(forName: decoded.span) { return target.append(pair) }
    target.append(pair.extracting(0...equals))
    append(pair.extracting((equals + 1)..<pair.count), into: &target)
  }

  private static func contains(_ name: Span<UInt8>, _ part: StaticString) -> Bool {
    let length = part.utf8CodeUnitCount
    var start = 0
    while start + length <= name.count {
      if name.extracting(start..<(start + length)).equalsIgnoringCase(part) { return true }
      start += 1
    }
    return false
  }
}
