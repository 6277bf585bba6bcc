import Wire

/// What a request for a file asks for beside it: a range, and only if it has changed.
struct FileWish {
  private(set) var range: ByteRange?
  /// The client has it already (RFC 9110 §13.1.2).
  private(set) var isKnown = false

  /// `entityTag`: the file's, in quotes. It stands for one content forever.
  init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, entityTag: [UInt8], isToHead: Bool) {
    var ranges = 0
    var isOther = false
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      let value = bytes[field.value]
      if field.known == .range {
        ranges += 1
        range = ByteRange(value)
      } else if bytes[field.name].equalsIgnoringCase("if-none-match") {
        if Self.names(value, entityTag) { isKnown = true }
      } else if bytes[field.name].equalsIgnoringCase("if-range") {
        if !Self.isSame(value, entityTag) { isOther = true }
      }
    }
    // A range is of GET alone (§14.2), and of what the client has the rest of (§13.1.5).
    if ranges != 1 || isOther || isToHead { range = nil }
  }

  private static func names(_ list: Span<UInt8>, _ entityTag: [UInt8]) -> Bool {
    var tokens = TokenList()
    while let slice = tokens.next(list) {
      let token = list[slice]
      if token.equals("*") || isSame(token, entityTag) { return true }
      // Here a weak one will do (§13.1.2).
      if token.starts(with: "W/"), isSame(token.extracting(2..<token.count), entityTag) {
        return true
      }
    }
    return false
  }

  private static func isSame(_ tag: Span<UInt8>, _ other: [UInt8]) -> Bool {
    if tag.count != other.count { return false }
    for index in other.indices where tag[index] != other[index] { return false }
    return true
  }
}
