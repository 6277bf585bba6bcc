/// The labels of a sample, written once and used for many: `account="crm",method="GET"`.
///
/// Whoever writes many samples keeps the labels that stay the same and cuts off the rest.
public struct LabelSet: Sendable {
  private(set) var text: [UInt8] = []

  public init() {}

  /// The bytes written so far, to `cut(to:)` later.
  public var count: Int { text.count }

  /// Adds a label. Backslash, quote and line feed of the value are escaped, as both formats want.
  public mutating func append(_ name: StaticString, _ value: String) {
    appendName(name)
    for byte in value.utf8 {
      switch byte {
      case 0x5c: text += [0x5c, 0x5c]
      case 0x22: text += [0x5c, 0x22]
      case 0x0a: text += [0x5c, 0x6e]
      default: text.append(byte)
      }
    }
    text.append(0x22)
  }

  /// Adds a label whose value is a number, say a status code.
  public mutating func append(_ name: StaticString, _ value: Int) {
    append(name, String(value))
  }

  /// Adds a label whose value is a literal that needs no escaping.
  public mutating func append(_ name: StaticString, _ value: StaticString) {
    appendName(name)
    append(literal: value)
    text.append(0x22)
  }

  /// Drops the labels that were added after `count` stood where it is cut to.
  public mutating func cut(to count: Int) {
    precondition(count <= text.count)
    text.removeLast(text.count - count)
  }

  private mutating func appendName(_ name: StaticString) {
    if !text.isEmpty { text.append(0x2c) }
    append(literal: name)
    text.append(0x3d)
    text.append(0x22)
  }

  private mutating func append(literal: StaticString) {
    text += UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
  }
}
