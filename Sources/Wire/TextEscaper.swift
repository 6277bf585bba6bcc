/// Makes the content of a JSON string of a text that comes in pieces, cut anywhere: byte for byte
/// what `JSONWriter` makes of the whole.
public struct TextEscaper: Sendable {
  public enum Charset: Sendable, CaseIterable {
    case utf8
    case latin1
    case windows1252
  }

  private let charset: Charset
  /// Of what was taken, where the charset is UTF-8.
  private var characters = UTF8Validator()

  public init(_ charset: Charset) { self.charset = charset }

  /// False exactly when the text may not end here: within a character, or behind a fault.
  public var isWhole: Bool { characters.isWhole }

  /// Takes text from `position` on, which moves behind what was taken, and appends what becomes of
  /// it until the text or the room is used up: at most `room` bytes, which is 1 or more, and the 5
  /// that the last escape may have beyond it. False, and from then on for good, where a byte is not
  /// of the charset; nothing is appended then.
  public mutating func process(
    _ text: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> Bool {
    let before = out.count
    let end = before + room
    // No character shrinks, so what lies beyond needs no look.
    let reach = text.extracting(position..<position + min(room, text.count - position))
    var taken = 0
    switch charset {
    case .utf8:
      JSONWriter.append(content: reach, from: &taken, into: &out, until: end)
      if !characters.process(reach.extracting(0..<taken)) {
        out.truncate(to: before)
        return false
      }
    case .latin1, .windows1252:
      JSONWriter.append(
        singleBytes: reach, from: &taken, isWindows1252: charset == .windows1252, into: &out,
        until: end)
    }
    position += taken
    return true
  }
}
