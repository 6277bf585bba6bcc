import Wire

/// The head of a gzip member (RFC 1952 §2.3), read as its bytes come; nothing of it is kept.
///
/// Time, system and names mean nothing to a proxy. They are read to find the data, and because a
/// head that is broken tells that the rest is not to be trusted either.
struct GzipHeader {
  enum Progress {
    case incomplete
    case complete
    case malformed
  }

  /// In the order in which they stand; which there are the flags tell.
  private enum Part: Int {
    case fixed
    case extraCount
    case extra
    case name
    case comment
    case check
    case end
  }

  private var part = Part.fixed
  /// Bytes of `fixed`, `extraCount` or `check` that were read.
  private var partCount = 0
  private var flags: UInt8 = 0
  private var extraLeft = 0
  private var byteCount = 0
  private var sum: UInt32 = 0
  private var check: UInt16 = 0

  /// Reads on from `position`, up to the first byte of the data. A head of more than `bytesMax`
  /// bytes is malformed: its texts have no end of their own.
  mutating func take(_ input: Span<UInt8>, _ position: inout Int, bytesMax: Int) -> Progress {
    let start = position
    while part.rawValue < Part.check.rawValue, position < input.count {
      guard takePart(input, &position) else { return .malformed }
    }
    byteCount += position - start
    if byteCount > bytesMax { return .malformed }
    sum = DeflateLibrary.crc32(sum, input.extracting(start..<position))
    while part == .check, position < input.count {
      check |= UInt16(input[position]) << UInt16(8 * partCount)
      position += 1
      partCount += 1
      if partCount < 2 { continue }
      if check != UInt16(truncatingIfNeeded: sum) { return .malformed }
      advance()
    }
    return part == .end ? .complete : .incomplete
  }

  /// Reads some of the part; false where it is not what it must be.
  private mutating func takePart(_ input: Span<UInt8>, _ position: inout Int) -> Bool {
    switch part {
    case .fixed:
      let byte = input[position]
      position += 1
      guard isFixed(byte) else { return false }
      partCount += 1
      if partCount == 10 { advance() }
    case .extraCount:
      extraLeft |= Int(input[position]) << (8 * partCount)
      position += 1
      partCount += 1
      if partCount == 2 { advance() }
    case .extra:
      let taken = min(extraLeft, input.count - position)
      position += taken
      extraLeft -= taken
      if extraLeft == 0 { advance() }
    case .name, .comment:
      if let zero = input.index(of: 0, from: position) {
        position = zero + 1
        advance()
      } else {
        position = input.count
      }
    case .check, .end:
      assertionFailure("not of the head's variable part")
    }
    return true
  }

  /// Whether the byte may stand at its place in the ten that every head has; learns the flags.
  private mutating func isFixed(_ byte: UInt8) -> Bool {
    switch partCount {
    case 0: return byte == 0x1f
    case 1: return byte == 0x8b
    case 2: return byte == 8
    case 3:
      flags = byte
      return byte & 0xe0 == 0
    default: return true
    }
  }

  /// On to the next part that there is.
  private mutating func advance() {
    repeat {
      part = Part(rawValue: part.rawValue + 1) ?? .end
    } while !isPresent(part)
    partCount = 0
  }

  private func isPresent(_ part: Part) -> Bool {
    switch part {
    case .fixed, .end: true
    case .extraCount: flags & 4 != 0
    case .extra: extraLeft > 0
    case .name: flags & 8 != 0
    case .comment: flags & 16 != 0
    case .check: flags & 2 != 0
    }
  }
}
