/// The chunked coding in its simplest form: all bytes at once, line by line, no limits.
struct ChunkOracle {
  private let bytes: [UInt8]
  private var position = 0
  private var payload: [UInt8] = []

  /// The payload and how many bytes the body takes; nil where it is wrong or not yet whole.
  static func decode(_ bytes: [UInt8]) -> (payload: [UInt8], consumed: Int)? {
    var oracle = ChunkOracle(bytes: bytes)
    while let isLast = oracle.takeChunk() {
      if isLast { return oracle.takeTrailers() ? (oracle.payload, oracle.position) : nil }
    }
    return nil
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// True for the last chunk, nil for one that is wrong.
  private mutating func takeChunk() -> Bool? {
    guard let head = takeLine(), Self.isHead(head),
      let size = Int(head.prefix { $0.isHexDigit }, radix: 16)
    else { return nil }
    if size == 0 { return true }
    guard size <= bytes.count - position else { return nil }
    payload += bytes[position..<(position + size)]
    position += size
    return takeLine() == "" ? false : nil
  }

  private mutating func takeTrailers() -> Bool {
    while let line = takeLine() {
      if line.isEmpty { return true }
      if line.wholeMatch(of: trailer) == nil { return false }
    }
    return false
  }

  /// What stands before the next CRLF, with no CR or LF in it.
  private mutating func takeLine() -> String? {
    guard let end = bytes[position...].firstIndex(where: { $0 == 0x0d || $0 == 0x0a }),
      end + 1 < bytes.count, bytes[end] == 0x0d, bytes[end + 1] == 0x0a
    else { return nil }
    defer { position = end + 2 }
    return text(Array(bytes[position..<end]))
  }

  private static func isHead(_ line: String) -> Bool {
    let digits = line.prefix { $0.isHexDigit }
    let rest = line[digits.endIndex...]
    let isRest = rest.isEmpty || rest.wholeMatch(of: extensions) != nil
    return (1...16).contains(digits.count) && isRest
  }

  private static var extensions: Regex<Substring> {
    #/
      [\ \t]* (?: ; [\ \t]* [!\#$%&'*+\-.^_`|~0-9A-Za-z]+
        (?: = (?: [!\#$%&'*+\-.^_`|~0-9A-Za-z]+
          | " (?: [\t\ !\#-\[\]-~\u{80}-\u{ff}] | \\ [\t\ -~\u{80}-\u{ff}] )* " ) )? )+
    /#
  }

  private var trailer: Regex<Substring> {
    /[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\u{80}-\u{ff}]*/
  }
}
