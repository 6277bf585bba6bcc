/// Pulls values out of a JSON text as slices of it, and builds nothing.
///
/// Strict RFC 8259: whatever it passes is valid to the last byte of a number, and its strings are
/// UTF-8. Nesting is a stack of bits, not of calls. The text is handed to every call, and must be
/// the same one until the scanner is done; only the scanner's position is kept. After a fault it
/// must not be used again.
public struct JSONScanner: Sendable {
  /// Offset of the next byte to read.
  public private(set) var position: Int
  private let depthMax: Int
  private var nesting = JSONNesting()
  /// True exactly when the innermost open container has shown no item yet.
  private var isFirst = false

  /// Scans a whole text; a container `depthMax + 1` deep is a fault.
  public init(depthMax: Int = 64) {
    position = 0
    self.depthMax = depthMax
  }

  /// Scans within a slice that a scanner has passed.
  public init(within slice: JSONSlice) {
    position = slice.start
    depthMax = Int.max
  }

  /// Passes a whole text and returns its one value.
  public static func validate(
    _ text: Span<UInt8>, depthMax: Int = 64
  ) throws(JSONFault) -> JSONSlice {
    var scanner = JSONScanner(depthMax: depthMax)
    let value = try scanner.skipValue(text)
    try scanner.finish(text)
    return value
  }

  // MARK: Pulling

  /// Steps into the object that stands here; false, and no step, where something else stands.
  public mutating func enterObject(_ text: Span<UInt8>) throws(JSONFault) -> Bool {
    try enter(0x7b, text)
  }

  /// Steps into the array that stands here; false, and no step, where something else stands.
  public mutating func enterArray(_ text: Span<UInt8>) throws(JSONFault) -> Bool {
    try enter(0x5b, text)
  }

  /// The next member of the object entered last; nil, and out of it, at its end.
  public mutating func nextMember(_ text: Span<UInt8>) throws(JSONFault) -> JSONMember? {
    precondition(nesting.isInObject)
    guard try reachItem(text) else { return nil }
    let key = try passKey(text)
    return JSONMember(key: key, value: try skipValue(text))
  }

  /// The next element of the array entered last; nil, and out of it, at its end.
  public mutating func nextElement(_ text: Span<UInt8>) throws(JSONFault) -> JSONSlice? {
    precondition(nesting.depth > 0 && !nesting.isInObject)
    guard try reachItem(text) else { return nil }
    return try skipValue(text)
  }

  /// Passes the value that stands here.
  public mutating func skipValue(_ text: Span<UInt8>) throws(JSONFault) -> JSONSlice {
    let first = try reachByte(text)
    guard first == 0x7b || first == 0x5b else { return try passScalar(first, text) }
    let start = position
    let floor = nesting.depth
    try open(first)
    while nesting.depth > floor {
      guard try reachItem(text) else { continue }
      if nesting.isInObject { _ = try passKey(text) }
      let byte = try reachByte(text)
      if byte == 0x7b || byte == 0x5b {
        try open(byte)
      } else {
        _ = try passScalar(byte, text)
      }
    }
    return JSONSlice(start: start, end: position, kind: first == 0x7b ? .object : .array)
  }

  /// Makes sure that nothing but white space follows.
  public mutating func finish(_ text: Span<UInt8>) throws(JSONFault) {
    skipWhiteSpace(text)
    guard position == text.count else { throw JSONFault(.trailingBytes, at: position) }
  }

  // MARK: Containers

  private mutating func enter(_ opening: UInt8, _ text: Span<UInt8>) throws(JSONFault) -> Bool {
    let byte = try reachByte(text)
    guard byte == opening else { return false }
    try open(byte)
    return true
  }

  private mutating func open(_ byte: UInt8) throws(JSONFault) {
    guard nesting.depth < depthMax else { throw JSONFault(.tooDeep, at: position) }
    nesting.open(isObject: byte == 0x7b)
    position += 1
    isFirst = true
  }

  private mutating func close() {
    position += 1
    nesting.close()
    isFirst = false
  }

  /// Stands before the container's next key or value, or closes it and says false.
  private mutating func reachItem(_ text: Span<UInt8>) throws(JSONFault) -> Bool {
    let byte = try reachByte(text)
    if byte == (nesting.isInObject ? 0x7d : 0x5d) {
      close()
      return false
    }
    if isFirst {
      isFirst = false
      return true
    }
    guard byte == 0x2c else { throw JSONFault(.unexpectedByte, at: position) }
    position += 1
    return true
  }

  private mutating func passKey(_ text: Span<UInt8>) throws(JSONFault) -> JSONSlice {
    guard try reachByte(text) == 0x22 else { throw JSONFault(.unexpectedByte, at: position) }
    let key = try passString(text)
    guard try reachByte(text) == 0x3a else { throw JSONFault(.unexpectedByte, at: position) }
    position += 1
    return key
  }

  // MARK: Scalars

  private mutating func passScalar(
    _ first: UInt8, _ text: Span<UInt8>
  ) throws(JSONFault) -> JSONSlice {
    switch first {
    case 0x22: try passString(text)
    case 0x2d, 0x30...0x39: try passNumber(text)
    case 0x74: try passLiteral("true", .true, text)
    case 0x66: try passLiteral("false", .false, text)
    case 0x6e: try passLiteral("null", .null, text)
    case 0xef: throw JSONFault(position == 0 ? .byteOrderMark : .unexpectedByte, at: position)
    default: throw JSONFault(.unexpectedByte, at: position)
    }
  }

  private mutating func passString(_ text: Span<UInt8>) throws(JSONFault) -> JSONSlice {
    let start = position
    let count = text.count
    var index = start + 1
    var isEscaped = false
    while index < count {
      if index &+ JSONWord.bytes <= count {
        let word = JSONWord.load(text, at: index)
        let stop = JSONWord.special(word) | JSONWord.beyondASCII(word)
        if stop == 0 {
          index &+= JSONWord.bytes
          continue
        }
        index &+= JSONWord.leading(stop)
      }
      switch text[index] {
      case 0x22:
        position = index + 1
        return JSONSlice(start: start, end: position, kind: .string, isEscaped: isEscaped)
      case 0x5c:
        isEscaped = true
        index += try JSONEscape(at: index, in: text).count
      case 0..<0x20:
        throw JSONFault(.controlCharacter, at: index)
      case 0x80...:
        repeat {
          let length = UTF8Validation.sequenceLength(at: index, in: text)
          guard length > 0 else { throw JSONFault(.notUTF8, at: index) }
          index += length
        } while index < count && text[index] >= 0x80
      default:
        index += 1
      }
    }
    throw JSONFault(.truncated, at: count)
  }

  private mutating func passNumber(_ text: Span<UInt8>) throws(JSONFault) -> JSONSlice {
    let start = position
    if text[position] == 0x2d { position += 1 }
    if position < text.count, text[position] == 0x30 {
      position += 1
      if position < text.count, Self.isDigit(text[position]) {
        throw JSONFault(.malformedNumber, at: start)
      }
    } else {
      try passDigits(text, of: start)
    }
    if position < text.count, text[position] == 0x2e {
      position += 1
      try passDigits(text, of: start)
    }
    if position < text.count, text[position] | 0x20 == 0x65 {
      position += 1
      if position < text.count, text[position] == 0x2b || text[position] == 0x2d { position += 1 }
      try passDigits(text, of: start)
    }
    return JSONSlice(start: start, end: position, kind: .number)
  }

  private mutating func passDigits(_ text: Span<UInt8>, of start: Int) throws(JSONFault) {
    let first = position
    while position < text.count, Self.isDigit(text[position]) { position &+= 1 }
    guard position > first else {
      throw position == text.count
        ? JSONFault(.truncated, at: position) : JSONFault(.malformedNumber, at: start)
    }
  }

  private mutating func passLiteral(
    _ literal: StaticString, _ kind: JSONSlice.Kind, _ text: Span<UInt8>
  ) throws(JSONFault) -> JSONSlice {
    let start = position
    for offset in 0..<literal.utf8CodeUnitCount {
      guard start + offset < text.count else { throw JSONFault(.truncated, at: text.count) }
      guard text[start + offset] == literal.utf8Start[offset] else {
        throw JSONFault(.unexpectedByte, at: start + offset)
      }
    }
    position = start + literal.utf8CodeUnitCount
    return JSONSlice(start: start, end: position, kind: kind)
  }

  // MARK: Bytes

  /// Passes white space and returns the byte that it then stands before.
  private mutating func reachByte(_ text: Span<UInt8>) throws(JSONFault) -> UInt8 {
    skipWhiteSpace(text)
    guard position < text.count else { throw JSONFault(.truncated, at: position) }
    return text[position]
  }

  private mutating func skipWhiteSpace(_ text: Span<UInt8>) {
    while position < text.count {
      switch text[position] {
      case 0x20, 0x0a, 0x0d, 0x09: position &+= 1
      default: return
      }
    }
  }

  @inline(__always) private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}
