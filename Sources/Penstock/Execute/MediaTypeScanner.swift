import Wire

/// Reads the parts of a media type (RFC 9110 section 8.3.1), one after the other.
struct MediaTypeScanner {
  private(set) var type = Slice.empty
  private(set) var subtype = Slice.empty
  /// Of the parameter read last.
  private(set) var name = Slice.empty
  /// The same, without quotes; backslashes of a quoted one stay.
  private(set) var value = Slice.empty
  private var position = 0
  private var isMalformed = false

  /// Reads `type/subtype`; false where none stands.
  mutating func readType(_ text: Span<UInt8>) -> Bool {
    skipSpace(text)
    type = readToken(text)
    guard !type.isEmpty, take(0x2f, text) else { return false }
    subtype = readToken(text)
    return !subtype.isEmpty
  }

  /// Reads the next parameter; false at the end, and where what stands is none.
  mutating func readParameter(_ text: Span<UInt8>) -> Bool {
    skipSpace(text)
    while take(0x3b, text) {
      skipSpace(text)
      name = readToken(text)
      if name.isEmpty {
        skipSpace(text)
        continue
      }
      isMalformed = !(take(0x3d, text) && readValue(text))
      return !isMalformed
    }
    return false
  }

  /// Whether all of the text was a media type; to be asked once there is no next parameter.
  func isAtEnd(of text: Span<UInt8>) -> Bool { !isMalformed && position == text.count }

  private mutating func readValue(_ text: Span<UInt8>) -> Bool {
    guard take(0x22, text) else {
      value = readToken(text)
      return !value.isEmpty
    }
    let start = position
    while position < text.count, ByteClass.isFieldValue(text[position]) {
      switch text[position] {
      case 0x22:
        value = Slice(start: start, count: position - start)
        position += 1
        return true
      case 0x5c where position + 1 < text.count && ByteClass.isFieldValue(text[position + 1]):
        position += 2
      default:
        position += 1
      }
    }
    return false
  }

  private mutating func readToken(_ text: Span<UInt8>) -> Slice {
    let start = position
    while position < text.count, ByteClass.isToken(text[position]) { position += 1 }
    return Slice(start: start, count: position - start)
  }

  private mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace(_ text: Span<UInt8>) {
    while position < text.count, text[position] == 0x20 || text[position] == 0x09 {
      position += 1
    }
  }
}
