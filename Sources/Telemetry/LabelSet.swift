/// The labels of a sample, written once and used for many: `account="crm",method="GET"`.
///
/// Whoever writes many samples keeps the labels that stay the same and cuts off the rest.
public struct LabelSet: Sendable {
  struct Pair: Sendable {
    let name: StaticString
    let value: String
    /// Where `text` ends with it.
    let textEnd: Int
  }

  /// As they are, for a form that needs no escapes.
  private(set) var pairs: [Pair] = []
  /// As text and OpenMetrics write them.
  private(set) var text: [UInt8] = []

  public init() {}

  /// How many there are, to `cut(to:)` later.
  public var count: Int { pairs.count }

  /// Adds a label. Backslash, quote and line feed of the value are escaped in the text.
  public mutating func append(_ name: StaticString, _ value: String) {
    if !text.isEmpty { text.append(0x2c) }
    text += UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    text += [0x3d, 0x22]
    for byte in value.utf8 {
      switch byte {
      case 0x5c: text += [0x5c, 0x5c]
      case 0x22: text += [0x5c, 0x22]
      case 0x0a: text += [0x5c, 0x6e]
      default: text.append(byte)
      }
    }
    text.append(0x22)
    pairs.append(Pair(name: name, value: value, textEnd: text.count))
  }

  /// Adds a label whose value is a number, say a status code.
  public mutating func append(_ name: StaticString, _ value: Int) {
    append(name, String(value))
  }

  /// Adds a label whose value is a literal.
  public mutating func append(_ name: StaticString, _ value: StaticString) {
    append(name, "\(value)")
  }

  /// Drops the labels that were added after there were so many.
  public mutating func cut(to count: Int) {
    precondition(count <= pairs.count)
    pairs.removeLast(pairs.count - count)
    text.removeLast(text.count - (pairs.last?.textEnd ?? 0))
  }
}
