/// Checks that a text which comes in pieces is UTF-8, as `UTF8Validation` has it; the pieces may be
/// cut anywhere.
public struct UTF8Validator: Sendable {
  /// Bytes that the character in hand still wants, 0 between two characters.
  private var wanted = 0
  /// The bounds of the next one of them.
  private var least: UInt8 = 0x80
  private var most: UInt8 = 0xbf
  private var isBroken = false

  public init() {}

  /// True exactly when what has come is UTF-8 that ends with a whole character.
  public var isWhole: Bool { wanted == 0 && !isBroken }

  /// Takes the next piece; false, and from then on for good, where no UTF-8 begins so.
  public mutating func process(_ text: Span<UInt8>) -> Bool {
    var index = 0
    while index < text.count, !isBroken {
      if wanted == 0 {
        index = UTF8Validation.wellFormedEnd(of: text, from: index)
        if index == text.count { break }
      }
      take(text[index])
      index += 1
    }
    return !isBroken
  }

  /// Takes a byte of a character that is cut, or of none.
  private mutating func take(_ byte: UInt8) {
    if wanted == 0 {
      begin(byte)
    } else if byte >= least, byte <= most {
      wanted -= 1
      (least, most) = (0x80, 0xbf)
    } else {
      isBroken = true
    }
  }

  private mutating func begin(_ first: UInt8) {
    switch first {
    case 0xc2...0xdf: wanted = 1
    case 0xe0...0xef:
      wanted = 2
      if first == 0xe0 { least = 0xa0 }
      if first == 0xed { most = 0x9f }
    case 0xf0...0xf4:
      wanted = 3
      if first == 0xf0 { least = 0x90 }
      if first == 0xf4 { most = 0x8f }
    default: isBroken = true
    }
  }
}
