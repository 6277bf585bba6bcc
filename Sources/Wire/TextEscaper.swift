/// Puts a text that comes in pieces, cut wherever they like, into the content of a JSON string.
///
/// What it writes of the pieces is what `JSONWriter` writes of the whole. For one text; after a
/// fault it must not be used again.
public struct TextEscaper: Sendable {
  public enum Charset: Sendable {
    case utf8
    /// A byte is a character in these two.
    case latin1, windows1252
  }

  private let charset: Charset
  /// A character that the last piece ended in, and how much of it came.
  private var sequence = UTF8Sequence()
  private var begun: InlineArray<4, UInt8> = .init(repeating: 0)
  private var begunCount = 0

  public init(_ charset: Charset) { self.charset = charset }

  /// False where the text ends within a character.
  public var isWhole: Bool { begunCount == 0 }

  /// Bytes that a byte may become: `\u001f`.
  public static let expansionMax = 6

  /// Appends what the next piece is in a string; false where a byte is none of the charset, what
  /// stood before it being appended.
  public mutating func process(_ bytes: Span<UInt8>, into target: inout ByteBuffer) -> Bool {
    switch charset {
    case .latin1: JSONWriter.append(singleBytes: bytes, isWindows1252: false, into: &target)
    case .windows1252: JSONWriter.append(singleBytes: bytes, isWindows1252: true, into: &target)
    case .utf8:
      var start = 0
      while begunCount > 0, start < bytes.count {
        if !takeOfCharacter(bytes[start], into: &target) { return false }
        start &+= 1
      }
      let end = UTF8Validation.validCount(bytes.extracting(start..<bytes.count)) + start
      JSONWriter.append(content: bytes.extracting(start..<end), into: &target)
      return keepCharacter(bytes.extracting(end..<bytes.count))
    }
    return true
  }

  private mutating func takeOfCharacter(_ byte: UInt8, into target: inout ByteBuffer) -> Bool {
    if !sequence.take(byte) { return false }
    begun[begunCount] = byte
    begunCount += 1
    if sequence.left > 0 { return true }
    for index in 0..<begunCount { target.append(begun[index]) }
    begunCount = 0
    return true
  }

  /// `rest`: nothing, or a character that is broken or goes on in the next piece.
  private mutating func keepCharacter(_ rest: Span<UInt8>) -> Bool {
    if rest.isEmpty { return true }
    if !sequence.begin(rest[0]) { return false }
    begun[0] = rest[0]
    begunCount = 1
    var index = 1
    while index < rest.count {
      if sequence.left == 0 || !sequence.take(rest[index]) { return false }
      begun[begunCount] = rest[index]
      begunCount += 1
      index += 1
    }
    return true
  }
}
