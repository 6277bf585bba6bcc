/// Where one JSON value stands in a text: from its first byte to its last, quotes included.
///
/// It holds no bytes, so every question about it takes the text that it was scanned from.
public struct JSONSlice: Equatable, Sendable {
  public enum Kind: UInt8, Sendable {
    case object, array, string, number, `true`, `false`, null
  }

  public let start: Int
  public let count: Int
  public let kind: Kind
  /// True exactly when it is a string that holds a backslash.
  public let isEscaped: Bool

  init(start: Int, end: Int, kind: Kind, isEscaped: Bool = false) {
    self.start = start
    self.count = end - start
    self.kind = kind
    self.isEscaped = isEscaped
  }

  @inlinable public var end: Int { start + count }

  /// The value's bytes as they stand in the text.
  @_lifetime(copy text)
  public func bytes(in text: Span<UInt8>) -> Span<UInt8> {
    text.extracting(start..<end)
  }

  /// A string's bytes as they stand between the quotes.
  @inlinable @_lifetime(copy text)
  public func content(in text: Span<UInt8>) -> Span<UInt8> {
    precondition(kind == .string)
    return text.extracting((start + 1)..<(end - 1))
  }

  /// Whether it is a string that means exactly `literal`, which must be ASCII.
  @inlinable public func equals(_ literal: StaticString, in text: Span<UInt8>) -> Bool {
    if kind != .string { return false }
    if isEscaped { return meansSame(literal, in: text) }
    return count &- 2 == literal.utf8CodeUnitCount && content(in: text).equals(literal)
  }

  @usableFromInline func meansSame(_ literal: StaticString, in text: Span<UInt8>) -> Bool {
    let wanted = UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    var reader = JSONStringReader(of: self)
    for byte in wanted where reader.next(in: text) != byte { return false }
    return reader.next(in: text) == nil
  }

  /// Whether two strings of one text mean the same, however they are escaped.
  public func equals(_ other: JSONSlice, in text: Span<UInt8>) -> Bool {
    if !isEscaped, !other.isEscaped, count != other.count { return false }
    var own = JSONStringReader(of: self)
    var others = JSONStringReader(of: other)
    while true {
      let byte = own.next(in: text)
      if byte != others.next(in: text) { return false }
      if byte == nil { return true }
    }
  }

  /// Appends what a string means, as UTF-8.
  public func unescape(from text: Span<UInt8>, into target: inout ByteBuffer) {
    if !isEscaped {
      target.append(content(in: text))
      return
    }
    precondition(kind == .string)
    let end = self.end - 1
    var index = start + 1
    while index < end {
      let run = index
      while index < end, text[index] != 0x5c { index &+= 1 }
      target.append(text.extracting(run..<index))
      if index == end { return }
      let escape = JSONEscape(scanned: index, in: text)
      UTF8Validation.append(scalar: escape.scalar, into: &target)
      index += escape.count
    }
  }
}
