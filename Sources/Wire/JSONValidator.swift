/// Checks a JSON text that comes in pieces, cut wherever they like, and keeps none of it.
///
/// It accepts what `JSONScanner.validate` accepts of the whole: strict RFC 8259, strings in UTF-8,
/// no lone surrogates. Its memory is a bit for each open container. For one text; after a fault it
/// must not be used again.
public struct JSONValidator: Sendable {
  private enum State: UInt8 {
    /// Before a value.
    case value
    /// Behind `[`: a value, or the end.
    case firstElement
    /// Behind `{`: a key, or the end.
    case firstKey
    case key
    case colon
    /// Behind a value.
    case after
    case string
    case escape
    /// Within `\uXXXX`.
    case hexadecimal
    /// Behind a high surrogate, whose other half must follow.
    case lowBackslash
    case lowLetter
    case character
    case literal
    // Numbers
    case minus
    case zero
    case integer
    case point
    case fraction
    case exponent
    case exponentSign
    case exponentDigits
  }

  private let depthMax: Int
  private var state = State.value
  private var depth = 0
  /// Kinds of the innermost `depth % 64` open containers, the innermost in bit 0, 1 an object.
  private var inner: UInt64 = 0
  /// The same for those further out, 64 at a time; empty for any ordinary text.
  private var outer: [UInt64] = []
  /// The string is a key.
  private var isKey = false
  private var sequence = UTF8Sequence()
  /// Of `\uXXXX`: digits still to come, and what they have said so far.
  private var digitsLeft = 0
  private var unit: UInt32 = 0
  private var isLowHalf = false
  /// The rest of a literal, its next byte lowest.
  private var literal: UInt32 = 0

  /// A container `depthMax + 1` deep is a fault.
  public init(depthMax: Int) { self.depthMax = depthMax }

  /// True exactly when what came so far is one whole text.
  public var isWhole: Bool {
    if depth > 0 { return false }
    switch state {
    case .after, .zero, .integer, .fraction, .exponentDigits: return true
    default: return false
    }
  }

  /// Takes the next piece; false where no JSON text goes on like this.
  public mutating func process(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    while index < bytes.count {
      switch state {
      case .string:
        guard let end = passString(bytes, index) else { return false }
        index = end
      case .integer, .fraction, .exponentDigits:
        while index < bytes.count, ByteClass.isDigit(bytes[index]) { index &+= 1 }
        if index < bytes.count, !endDigits(bytes[index], &index) { return false }
      case .value, .firstElement, .firstKey, .key, .colon, .after:
        let byte = bytes[index]
        index &+= 1
        if byte <= 0x20, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { continue }
        if !takeStructure(byte) { return false }
      case .zero:
        if ByteClass.isDigit(bytes[index]) || !endDigits(bytes[index], &index) { return false }
      default:
        if !takeInside(bytes[index]) { return false }
        index &+= 1
      }
    }
    return true
  }

  // MARK: Between values

  private mutating func takeStructure(_ byte: UInt8) -> Bool {
    switch state {
    case .after: return takeBehindValue(byte)
    case .colon:
      state = .value
      return byte == 0x3a
    case .firstKey where byte == 0x7d: return close()
    case .firstKey, .key:
      isKey = true
      state = .string
      return byte == 0x22
    case .firstElement where byte == 0x5d: return close()
    default: return beginValue(byte)
    }
  }

  private mutating func takeBehindValue(_ byte: UInt8) -> Bool {
    if depth == 0 { return false }
    let isObject = inner & 1 == 1
    switch byte {
    case 0x2c:
      state = isObject ? .key : .value
      return true
    case 0x7d: return isObject && close()
    case 0x5d: return !isObject && close()
    default: return false
    }
  }

  private mutating func beginValue(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x22:
      isKey = false
      state = .string
    case 0x7b: return open(isObject: true)
    case 0x5b: return open(isObject: false)
    case 0x2d: state = .minus
    case 0x30: state = .zero
    case 0x31...0x39: state = .integer
    case 0x74: begin(literal: 0x65_75_72)  // rue
    case 0x66: begin(literal: 0x65_73_6c_61)  // alse
    case 0x6e: begin(literal: 0x6c_6c_75)  // ull
    default: return false
    }
    return true
  }

  private mutating func begin(literal rest: UInt32) {
    literal = rest
    state = .literal
  }

  private mutating func open(isObject: Bool) -> Bool {
    if depth >= depthMax { return false }
    if depth > 0, depth & 63 == 0 { outer.append(inner) }
    inner = inner << 1 | (isObject ? 1 : 0)
    depth += 1
    state = isObject ? .firstKey : .firstElement
    return true
  }

  private mutating func close() -> Bool {
    inner >>= 1
    depth -= 1
    if depth > 0, depth & 63 == 0 { inner = outer.removeLast() }
    state = .after
    return true
  }

  // MARK: Strings

  /// Passes what stands for itself, up to where something else is due; nil for a bad byte.
  private mutating func passString(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
    var index = start
    while index < bytes.count {
      if index &+ JSONWord.bytes <= bytes.count {
        let word = JSONWord.load(bytes, at: index)
        let stop = JSONWord.special(word) | JSONWord.beyondASCII(word)
        if stop == 0 {
          index &+= JSONWord.bytes
          continue
        }
        index &+= JSONWord.leading(stop)
      }
      let byte = bytes[index]
      switch byte {
      case 0x22:
        state = isKey ? .colon : .after
        return index + 1
      case 0x5c:
        state = .escape
        return index + 1
      case 0..<0x20: return nil
      case 0x80...:
        let length = UTF8Validation.sequenceLength(at: index, in: bytes)
        if length > 0 {
          index &+= length
        } else {
          // It is broken, or ends in the next piece.
          state = .character
          return sequence.begin(byte) ? index + 1 : nil
        }
      default: index &+= 1
      }
    }
    return index
  }

  /// A byte within something that has a certain number of them.
  private mutating func takeInside(_ byte: UInt8) -> Bool {
    switch state {
    case .character:
      if !sequence.take(byte) { return false }
      if sequence.left == 0 { state = .string }
    case .escape: return takeEscape(byte)
    case .hexadecimal: return takeHexadecimal(byte)
    case .lowBackslash:
      state = .lowLetter
      return byte == 0x5c
    case .lowLetter:
      beginUnit(isLowHalf: true)
      return byte == 0x75
    case .literal:
      if byte != UInt8(truncatingIfNeeded: literal) { return false }
      literal >>= 8
      if literal == 0 { state = .after }
    default: return takeInNumber(byte)
    }
    return true
  }

  private mutating func takeEscape(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: state = .string
    case 0x75: beginUnit(isLowHalf: false)
    default: return false
    }
    return true
  }

  private mutating func beginUnit(isLowHalf: Bool) {
    self.isLowHalf = isLowHalf
    unit = 0
    digitsLeft = 4
    state = .hexadecimal
  }

  private mutating func takeHexadecimal(_ byte: UInt8) -> Bool {
    guard let digit = ByteClass.hexadecimal(byte) else { return false }
    unit = unit << 4 | UInt32(digit)
    digitsLeft -= 1
    if digitsLeft > 0 { return true }
    state = .string
    if isLowHalf { return unit & 0xfc00 == 0xdc00 }
    if unit & 0xf800 != 0xd800 { return true }
    state = .lowBackslash
    return unit < 0xdc00
  }

  // MARK: Numbers

  private mutating func takeInNumber(_ byte: UInt8) -> Bool {
    let isDigit = ByteClass.isDigit(byte)
    switch state {
    case .minus:
      state = byte == 0x30 ? .zero : .integer
      return isDigit
    case .point:
      state = .fraction
      return isDigit
    case .exponent:
      state = isDigit ? .exponentDigits : .exponentSign
      return isDigit || byte == 0x2b || byte == 0x2d
    default:
      assert(state == .exponentSign, "no other state is inside of a value")
      state = .exponentDigits
      return isDigit
    }
  }

  /// Behind digits: a point, an exponent, or what stands behind the number.
  private mutating func endDigits(_ byte: UInt8, _ index: inout Int) -> Bool {
    if byte == 0x2e {
      if state != .zero, state != .integer { return false }
      state = .point
      index &+= 1
    } else if byte | 0x20 == 0x65 {
      if state == .exponentDigits { return false }
      state = .exponent
      index &+= 1
    } else {
      state = .after
    }
    return true
  }
}
