import Wire

/// Finds a configuration's secrets in texts, however they are encoded.
///
/// A text is searched as it is, and decoded once and twice where it holds percent-encoding. One a
/// thread; it keeps its memory, and nothing of a text stays valid in it behind the next call.
public struct SecretSearch: ~Copyable {
  /// What stands for the bytes of a secret.
  public enum Coding: Sendable {
    case none, base64, hexadecimal
  }

  public struct Hit: Sendable {
    /// Bytes of the text.
    public let range: Range<Int>
    public let name: SecretName
    public let coding: Coding
    public let isPercentEncoded: Bool
  }

  /// How often percent-encoding is undone: what is encoded twice is one mistake away.
  private static let decodingsMax = 2
  /// How much longer a secret is that is encoded as often: `%25%34%31` for each byte.
  private static let stretch = 9

  private let matcher: SecretMatcher
  private var text: [UInt8] = []
  /// By byte of `text`: where it began before it was decoded. One more is the end.
  private var origins: [Int] = []
  private var hits: [Hit] = []
  private var hashes: [UInt64] = []

  public init(_ matcher: SecretMatcher) { self.matcher = matcher }

  /// All secrets in a text, by where they begin.
  public mutating func hits(in text: Span<UInt8>) -> [Hit] {
    find(in: text)
    return hits
  }

  /// Appends a text with `***` in place of each secret; false, and nothing, where it holds none.
  /// `isCut`: more of it was left behind, so that its last bytes may be a secret's first.
  mutating func redact(
    _ text: Span<UInt8>, isCut: Bool = false, into out: inout ByteBuffer
  ) -> Bool {
    find(in: text)
    let known = isCut ? max(0, text.count - matcher.longest * Self.stretch) : text.count
    if hits.isEmpty, known == text.count { return false }
    var end = 0
    for hit in hits where hit.range.lowerBound < known {
      if hit.range.lowerBound > end || end == 0 {
        out.append(text.extracting(end..<hit.range.lowerBound))
        out.append("***")
      }
      end = max(end, hit.range.upperBound)
    }
    if end < known { out.append(text.extracting(end..<known)) }
    if known < text.count, end < known || end == 0 { out.append("***") }
    return true
  }

  // MARK: Searching

  private mutating func find(in given: Span<UInt8>) {
    hits.removeAll(keepingCapacity: true)
    let isSuspect = matcher.isSuspect(given)
    let isEncoded = given.index(of: 0x25, from: 0) != nil
    guard isSuspect || isEncoded && matcher.isSuspect(decoded: given) else { return }
    text.removeAll(keepingCapacity: true)
    origins.removeAll(keepingCapacity: true)
    for index in 0..<given.count {
      text.append(given[index])
      origins.append(index)
    }
    origins.append(given.count)
    if isSuspect { collect() }
    for _ in 0..<Self.decodingsMax where decode() && matcher.isSuspect(text.span) { collect() }
    hits.sort { $0.range.lowerBound < $1.range.lowerBound }
  }

  private mutating func collect() {
    hashes.removeAll(keepingCapacity: true)
    matcher.appendHashes(of: text, to: &hashes)
    var start = 0
    while start + SecretForms.leastBytes <= text.count {
      if let match = matcher.match(text.span, at: start, hashes) { add(match, at: start) }
      start &+= 1
    }
  }

  private mutating func add(_ match: SecretMatcher.Match, at start: Int) {
    let end = start + match.count
    let isWider = match.traits.contains(.openInFront) && start > 0 && isBase64(text[start - 1])
    let isLonger = match.traits.contains(.openBehind) && end < text.count && isBase64(text[end])
    let range = origins[isWider ? start - 1 : start]..<origins[isLonger ? end + 1 : end]
    let isPercentEncoded = origins[end] - origins[start] > match.count
    let name = matcher.names[match.secret]
    hits.append(
      Hit(
        range: range, name: name, coding: match.traits.coding,
        isPercentEncoded: isPercentEncoded))
  }

  private func isBase64(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2b, 0x2d, 0x2f, 0x5f: true
    default: false
    }
  }

  /// Undoes percent-encoding where it stands; false where there was none.
  private mutating func decode() -> Bool {
    var read = 0
    var written = 0
    while read < text.count {
      let byte = PercentCoding.byte(at: read, in: text.span)
      text[written] = byte ?? text[read]
      origins[written] = origins[read]
      written &+= 1
      read &+= byte == nil ? 1 : 3
    }
    if written == text.count { return false }
    origins[written] = origins[text.count]
    text.removeLast(text.count - written)
    origins.removeLast(origins.count - written - 1)
    return true
  }
}
