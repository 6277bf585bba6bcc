/// Field lines up to and with the empty line that ends them: of a request head, of a response
/// head, of trailers (RFC 9112 §5, §7.1.2).
///
/// Incremental: a line is looked at once, when its end is there. Strict: CRLF only, no folding,
/// no space before the colon.
struct FieldLines {
  /// Where the next line begins.
  var position: Int
  /// Where the first line began.
  private let start: Int
  /// Bytes of the open line that hold no line feed.
  private var scanned = 0

  init(start: Int) {
    self.start = start
    position = start
  }

  mutating func parse(
    _ bytes: Span<UInt8>, into fields: inout FieldTable, _ limits: HeadLimits
  ) -> HeadProgress {
    while true {
      guard let lineFeed = bytes.index(of: 0x0a, from: max(position, scanned)) else {
        // A carriage return that nothing follows yet is all that an open line may hold of them.
        if let lone = bytes.index(of: 0x0d, from: max(position, scanned - 1)),
          lone + 1 < bytes.count
        {
          return .failed(.malformed)
        }
        scanned = bytes.count
        return bytes.count - start > limits.fieldBytes ? .failed(.fieldsTooLarge) : .incomplete
      }
      if lineFeed - start >= limits.fieldBytes { return .failed(.fieldsTooLarge) }
      if lineFeed == position || bytes[lineFeed - 1] != 0x0d { return .failed(.malformed) }
      let end = lineFeed - 1
      if end == position {
        position = lineFeed + 1
        return .complete
      }
      if fields.count == limits.fields { return .failed(.fieldsTooLarge) }
      let (field, fault) = FieldLines.field(bytes, position..<end, limits)
      guard let field else { return .failed(fault) }
      fields.append(field)
      position = lineFeed + 1
    }
  }

  /// Reads one line without its CRLF.
  static func field(_ bytes: Span<UInt8>, _ line: Range<Int>, _ limits: HeadLimits)
    -> (Field?, HeadFault)
  {
    var index = line.lowerBound
    while index < line.upperBound, ByteClass.isToken(bytes[index]) { index &+= 1 }
    let name = Slice(start: line.lowerBound, count: index - line.lowerBound)
    // An empty name, a space before the colon and a folded line all end here.
    guard !name.isEmpty, index < line.upperBound, bytes[index] == 0x3a else {
      return (nil, .malformed)
    }
    if name.count > limits.fieldNameBytes { return (nil, .fieldsTooLarge) }
    index &+= 1
    while index < line.upperBound, isSpace(bytes[index]) { index &+= 1 }
    var end = line.upperBound
    while end > index, isSpace(bytes[end &- 1]) { end &-= 1 }
    let value = Slice(start: index, count: end - index)
    if value.count > limits.fieldValueBytes { return (nil, .fieldsTooLarge) }
    while index < end {
      if !ByteClass.isFieldValue(bytes[index]) { return (nil, .malformed) }
      index &+= 1
    }
    return (Field(name: name, value: value, known: FieldName(bytes[name])), .malformed)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
