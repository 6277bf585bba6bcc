import Telemetry
import Wire

/// Writes the objects and lists of a JSON document with the commas between their members. Keys are
/// literals that need no escape.
struct StatusJSON: ~Copyable {
  private(set) var bytes = ByteBuffer()
  private var needsComma = false
  private var timestamps = TimestampFormatter()

  init() {}

  consuming func finish() -> ByteBuffer { bytes }

  // MARK: Objects and lists

  mutating func beginObject(_ key: StaticString = "") { open(key, 0x7b) }
  mutating func endObject() { close(0x7d) }
  mutating func beginList(_ key: StaticString = "") { open(key, 0x5b) }
  mutating func endList() { close(0x5d) }

  private mutating func open(_ key: StaticString, _ bracket: UInt8) {
    begin(key)
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  /// What stands in front of a value; without a key it is a list's.
  private mutating func begin(_ key: StaticString) {
    if needsComma { bytes.append(0x2c) }
    if key.utf8CodeUnitCount > 0 { JSONWriter.append(key: key, into: &bytes) }
    needsComma = true
  }

  // MARK: Values

  mutating func add(_ key: StaticString = "", _ value: Int) {
    begin(key)
    bytes.append(decimal: value)
  }

  mutating func add(_ key: StaticString = "", _ value: UInt64) {
    add(key, Int(clamping: value))
  }

  mutating func add(_ key: StaticString = "", _ value: Bool) {
    begin(key)
    bytes.append(value ? "true" as StaticString : "false")
  }

  /// A number with up to four decimals, or null.
  mutating func add(_ key: StaticString = "", decimal value: Double?) {
    begin(key)
    guard let value else {
      bytes.append("null")
      return
    }
    let scaled = Int((value * 10_000).rounded())
    if scaled < 0 { bytes.append(0x2d) }
    bytes.append(decimal: abs(scaled) / 10_000)
    var rest = abs(scaled) % 10_000
    if rest > 0 { bytes.append(0x2e) }
    var power = 1000
    while rest > 0 {
      bytes.append(UInt8(truncatingIfNeeded: 0x30 + rest / power))
      rest %= power
      power /= 10
    }
  }

  /// A duration in milliseconds, or null.
  mutating func add(_ key: StaticString = "", millisecondsOf nanoseconds: Int64?) {
    add(key, decimal: nanoseconds.map { Double($0) / 1e6 })
  }

  /// A text that needs no escape.
  mutating func add(_ key: StaticString = "", _ literal: StaticString) {
    begin(key)
    JSONWriter.append(literal: literal, into: &bytes)
  }

  mutating func add(_ key: StaticString = "", _ text: [UInt8]) {
    begin(key)
    JSONWriter.append(string: text.span, into: &bytes)
  }

  /// A moment as RFC 3339 has it.
  mutating func add(_ key: StaticString = "", unixNanoseconds: Int64) {
    begin(key)
    bytes.append(0x22)
    timestamps.append(unixNanoseconds: unixNanoseconds, into: &bytes)
    bytes.append(0x22)
  }

  mutating func addNull(_ key: StaticString = "") {
    begin(key)
    bytes.append("null")
  }
}
