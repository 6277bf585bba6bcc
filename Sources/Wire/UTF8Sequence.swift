/// One UTF-8 sequence of more than a byte, taken byte by byte (Unicode, table 3-7).
struct UTF8Sequence: Sendable {
  /// Continuation bytes that are still to come; 0 between sequences.
  private(set) var left = 0
  /// What the next of them may be.
  private var least: UInt8 = 0x80
  private var most: UInt8 = 0xbf

  /// Begins with a byte beyond ASCII; false where none begins so.
  @inline(__always) mutating func begin(_ byte: UInt8) -> Bool {
    least = 0x80
    most = 0xbf
    switch byte {
    case 0xc2...0xdf: left = 1
    case 0xe0...0xef:
      left = 2
      if byte == 0xe0 { least = 0xa0 }
      if byte == 0xed { most = 0x9f }
    case 0xf0...0xf4:
      left = 3
      if byte == 0xf0 { least = 0x90 }
      if byte == 0xf4 { most = 0x8f }
    default: return false
    }
    return true
  }

  /// Takes the next byte of a sequence that has begun; false where it does not belong there.
  @inline(__always) mutating func take(_ byte: UInt8) -> Bool {
    if byte < least || byte > most { return false }
    least = 0x80
    most = 0xbf
    left &-= 1
    return true
  }
}
