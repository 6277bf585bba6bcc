/// The chunked coding (RFC 9112 §7.1), byte by byte in its heads, by the span in its data.
struct ChunkDecoder: Sendable {
  private enum State {
    case sizeStart, size, sizeSpace
    case extensionStart, extensionName, extensionValueStart, extensionToken
    case extensionQuoted, extensionEscape, extensionEnd
    case sizeLineFeed
    case data, dataReturn, dataLineFeed
    case trailers
  }

  private var state = State.sizeStart
  private var size = 0
  private var sizeDigits = 0
  private var extensionBytes = 0
  private var trailerBytes = 0
  private var trailerFields = 0
  /// All bytes but the payload, and the payload: for the rule against floods of tiny chunks.
  private var overheadBytes = 0
  private var payloadBytes = 0
  private let limits: ChunkLimits

  /// More overhead than this, with less than a quarter of payload, is an attack (H2O's rule).
  private static let overheadBytesMax = 100 * 1024
  /// Sixteen digits hold any length; more are only there to overflow somebody.
  private static let sizeDigitsMax = 16

  init(_ limits: ChunkLimits) { self.limits = limits }

  mutating func next(_ bytes: Span<UInt8>, _ position: inout Int) -> BodyEvent {
    while position < bytes.count {
      if state == .trailers { return nextTrailer(bytes, &position) }
      if state == .data {
        let count = min(size, bytes.count - position)
        position += count
        skip(count)
        return .payload(count)
      }
      let event = step(bytes[position])
      position += 1
      overheadBytes += 1
      if overheadBytes > Self.overheadBytesMax, payloadBytes < overheadBytes / 3 {
        return .failed(.chunkOverhead)
      }
      if let event { return event }
    }
    return .needsMore
  }

  /// What is left of the data of a chunk that has begun.
  var runBytes: Int { state == .data ? size : 0 }

  mutating func skip(_ count: Int) {
    size -= count
    payloadBytes += count
    if size == 0 { state = .dataReturn }
  }

  /// Takes one byte of a chunk head or trailer; an event only where something ends or fails.
  private mutating func step(_ byte: UInt8) -> BodyEvent? {
    switch state {
    case .sizeStart, .size, .sizeSpace, .sizeLineFeed: stepSize(byte)
    case .extensionStart, .extensionName, .extensionValueStart, .extensionToken,
      .extensionQuoted, .extensionEscape, .extensionEnd:
      stepExtension(byte)
    case .dataReturn: expect(0x0d, byte, then: .dataLineFeed)
    case .dataLineFeed: expect(0x0a, byte, then: .sizeStart)
    case .data, .trailers: preconditionFailure("payload and trailers are taken by the span")
    }
  }

  private mutating func expect(_ wanted: UInt8, _ byte: UInt8, then next: State) -> BodyEvent? {
    if byte != wanted { return .failed(.malformedChunk) }
    state = next
    return nil
  }

  // MARK: Size

  private mutating func stepSize(_ byte: UInt8) -> BodyEvent? {
    switch state {
    case .sizeStart:
      size = 0
      sizeDigits = 0
      guard let digit = ByteClass.hexadecimal(byte) else { return .failed(.malformedChunk) }
      state = .size
      return addDigit(digit)
    case .size:
      if let digit = ByteClass.hexadecimal(byte) { return addDigit(digit) }
      return endSize(byte, after: .size)
    case .sizeSpace: return endSize(byte, after: .sizeSpace)
    default: return endSizeLine(byte)
    }
  }

  private mutating func addDigit(_ digit: UInt8) -> BodyEvent? {
    sizeDigits += 1
    if sizeDigits > Self.sizeDigitsMax || size > Int.max >> 4 { return .failed(.malformedChunk) }
    size = size << 4 | Int(digit)
    return nil
  }

  /// White space may stand before `;` (RFC 9112 §7.1.1), and nowhere else.
  private mutating func endSize(_ byte: UInt8, after: State) -> BodyEvent? {
    switch byte {
    case 0x20, 0x09: state = .sizeSpace
    case 0x3b: state = .extensionStart
    case 0x0d where after == .size: state = .sizeLineFeed
    default: return .failed(.malformedChunk)
    }
    return nil
  }

  private mutating func endSizeLine(_ byte: UInt8) -> BodyEvent? {
    if byte != 0x0a { return .failed(.malformedChunk) }
    state = size == 0 ? .trailers : .data
    return nil
  }

  // MARK: Extensions: *( ";" name [ "=" ( token / quoted-string ) ] )

  private mutating func stepExtension(_ byte: UInt8) -> BodyEvent? {
    extensionBytes += 1
    if extensionBytes > limits.extensionBytes { return .failed(.chunkOverhead) }
    switch state {
    case .extensionStart:
      if byte == 0x20 || byte == 0x09 { return nil }
      if !ByteClass.isToken(byte) { return .failed(.malformedChunk) }
      state = .extensionName
    case .extensionName:
      if ByteClass.isToken(byte) { return nil }
      if byte == 0x3d {
        state = .extensionValueStart
        return nil
      }
      return endExtension(byte)
    case .extensionValueStart:
      if byte != 0x22, !ByteClass.isToken(byte) { return .failed(.malformedChunk) }
      state = byte == 0x22 ? .extensionQuoted : .extensionToken
    case .extensionToken:
      return ByteClass.isToken(byte) ? nil : endExtension(byte)
    case .extensionQuoted:
      if !ByteClass.isFieldValue(byte) { return .failed(.malformedChunk) }
      if byte == 0x5c { state = .extensionEscape }
      if byte == 0x22 { state = .extensionEnd }
    case .extensionEscape:
      if !ByteClass.isFieldValue(byte) { return .failed(.malformedChunk) }
      state = .extensionQuoted
    default: return endExtension(byte)
    }
    return nil
  }

  private mutating func endExtension(_ byte: UInt8) -> BodyEvent? {
    switch byte {
    case 0x3b: state = .extensionStart
    case 0x0d: state = .sizeLineFeed
    default: return .failed(.malformedChunk)
    }
    return nil
  }

  // MARK: Trailers

  /// Takes one line, when all of it is there.
  private mutating func nextTrailer(_ bytes: Span<UInt8>, _ position: inout Int) -> BodyEvent {
    guard let lineFeed = bytes.index(of: 0x0a, from: position) else {
      let isTooLong = trailerBytes + bytes.count - position > limits.trailers.fieldBytes
      return isTooLong ? .failed(.trailersTooLarge) : .needsMore
    }
    let line = position..<max(position, lineFeed - 1)
    trailerBytes += lineFeed + 1 - position
    if trailerBytes > limits.trailers.fieldBytes { return .failed(.trailersTooLarge) }
    if lineFeed == position || bytes[lineFeed - 1] != 0x0d { return .failed(.malformedTrailer) }
    position = lineFeed + 1
    if line.isEmpty { return .ended }
    trailerFields += 1
    if trailerFields > limits.trailers.fields { return .failed(.trailersTooLarge) }
    let (field, fault) = FieldLines.field(bytes, line, limits.trailers)
    guard let field else {
      return .failed(fault == .malformed ? .malformedTrailer : .trailersTooLarge)
    }
    return .trailer(field)
  }
}
