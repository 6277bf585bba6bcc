import Wire

/// Writes a JSON document; commas and indentation are its own.
struct JSONText: ~Copyable {
  private var buffer = ByteBuffer()
  private var depth = 0
  private var isFirst = true

  var bytes: [UInt8] { Array(buffer) }

  mutating func object(_ key: String? = nil, _ content: (inout JSONText) -> Void) {
    nest(key, "{", "}", content)
  }

  mutating func array(_ key: String, _ content: (inout JSONText) -> Void) {
    nest(key, "[", "]", content)
  }

  mutating func add(_ key: String?, _ value: String) {
    begin(key)
    append(string: value)
  }

  mutating func add(_ key: String?, _ value: Int) {
    begin(key)
    buffer.append(decimal: value)
  }

  mutating func add(_ key: String?, _ value: Bool) {
    begin(key)
    buffer.append(value ? "true" : "false" as StaticString)
  }

  /// Nine digits behind the point: nanoseconds of seconds.
  mutating func add(_ key: String?, _ value: Double) {
    begin(key)
    buffer.append(Figure.fixed(value.isFinite ? value : 0, digits: 9) as String)
  }

  private mutating func nest(
    _ key: String?, _ open: StaticString, _ close: StaticString,
    _ content: (inout JSONText) -> Void
  ) {
    begin(key)
    buffer.append(open)
    depth += 1
    isFirst = true
    content(&self)
    depth -= 1
    if !isFirst { breakLine() }
    buffer.append(close)
    isFirst = false
    if depth == 0 { buffer.append(0x0a) }
  }

  private mutating func begin(_ key: String?) {
    if depth > 0 {
      if !isFirst { buffer.append(0x2c) }
      breakLine()
    }
    isFirst = false
    guard let key else { return }
    append(string: key)
    buffer.append(": " as StaticString)
  }

  private mutating func breakLine() {
    buffer.append(0x0a)
    for _ in 0..<depth { buffer.append("  " as StaticString) }
  }

  private mutating func append(string text: String) {
    JSONWriter.append(string: Array(text.utf8).span, into: &buffer)
  }
}
