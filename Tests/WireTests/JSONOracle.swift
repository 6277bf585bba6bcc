import Wire

/// A reader of JSON as plain as can be, to hold the scanner against: recursive, byte by byte.
struct JSONOracle {
  private let text: [UInt8]
  private let depthMax: Int
  private var index = 0

  static func accepts(_ text: [UInt8], depthMax: Int = 64) -> Bool {
    var oracle = JSONOracle(text: text, depthMax: depthMax)
    guard oracle.value(depth: 0) else { return false }
    oracle.space()
    return oracle.index == text.count
  }

  private init(text: [UInt8], depthMax: Int) {
    self.text = text
    self.depthMax = depthMax
  }

  private var byte: UInt8? { index < text.count ? text[index] : nil }

  private mutating func take(_ wanted: Character) -> Bool {
    guard byte == wanted.asciiValue else { return false }
    index += 1
    return true
  }

  private mutating func space() {
    while let byte, [0x20, 0x0a, 0x0d, 0x09].contains(byte) { index += 1 }
  }

  private mutating func value(depth: Int) -> Bool {
    space()
    switch byte {
    case UInt8(ascii: "{"): return depth < depthMax && container("}", depth, isObject: true)
    case UInt8(ascii: "["): return depth < depthMax && container("]", depth, isObject: false)
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: "t"): return "true".allSatisfy { take($0) }
    case UInt8(ascii: "f"): return "false".allSatisfy { take($0) }
    case UInt8(ascii: "n"): return "null".allSatisfy { take($0) }
    default: return number()
    }
  }

  private mutating func container(_ closing: Character, _ depth: Int, isObject: Bool) -> Bool {
    index += 1
    space()
    if take(closing) { return true }
    while true {
      if isObject {
        space()
        guard string() else { return false }
        space()
        guard take(":") else { return false }
      }
      guard value(depth: depth + 1) else { return false }
      space()
      if take(closing) { return true }
      guard take(",") else { return false }
    }
  }

  private mutating func digits() -> Bool {
    let first = index
    while let byte, byte >= 0x30, byte <= 0x39 { index += 1 }
    return index > first
  }

  private mutating func number() -> Bool {
    _ = take("-")
    if take("0") {
      if let byte, byte >= 0x30, byte <= 0x39 { return false }
    } else if !digits() {
      return false
    }
    if take("."), !digits() { return false }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      return digits()
    }
    return true
  }

  private mutating func string() -> Bool {
    guard take("\"") else { return false }
    let first = index
    var units: [UInt16] = []
    while let byte, byte != 0x22 {
      guard byte >= 0x20 else { return false }
      index += 1
      guard byte == 0x5c else {
        units.append(0x41)
        continue
      }
      guard let kind = self.byte else { return false }
      index += 1
      if kind == UInt8(ascii: "u") {
        guard index + 4 <= text.count, text[index..<(index + 4)].allSatisfy(isHexadecimal),
          let unit = UInt16(String(decoding: text[index..<(index + 4)], as: UTF8.self), radix: 16)
        else { return false }
        units.append(unit)
        index += 4
      } else {
        guard "\"\\/bfnrt".utf8.contains(kind) else { return false }
        units.append(0x41)
      }
    }
    let content = text[first..<index]
    guard take("\"") else { return false }
    return String(validating: content, as: UTF8.self) != nil
      && String(validating: units, as: UTF16.self) != nil
  }

  private func isHexadecimal(_ byte: UInt8) -> Bool {
    "0123456789abcdefABCDEF".utf8.contains(byte)
  }
}
