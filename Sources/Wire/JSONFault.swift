/// Why a text is not JSON as RFC 8259 has it, and where.
public struct JSONFault: Error, Equatable, Sendable {
  public enum Deed: Sendable {
    /// RFC 8259 section 8.1 lets a parser ignore one; two readers of one text must not differ.
    case byteOrderMark
    case truncated
    case unexpectedByte
    case malformedNumber
    case malformedEscape
    /// A `\u` escape for half of a surrogate pair.
    case loneSurrogate
    case controlCharacter
    case notUTF8
    case tooDeep
    /// Something but white space after the value.
    case trailingBytes
  }

  public let deed: Deed
  /// Counted in bytes from the start of the text.
  public let offset: Int

  public init(_ deed: Deed, at offset: Int) {
    self.deed = deed
    self.offset = offset
  }
}
