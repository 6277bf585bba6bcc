import Wire

/// A request head and the bytes that it was read from.
struct TestRequest: ~Copyable {
  let head: RequestHead
  let bytes: [UInt8]
  let progress: HeadProgress

  /// `lines`: the request line and the field lines; their ends are added.
  init(_ lines: String...) { self.init(lines: lines) }

  init(lines: [String]) {
    let bytes = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    var head = RequestHead()
    progress = head.parse(bytes.span, testHeadLimits)
    self.bytes = bytes
    self.head = head
  }
}

let testHeadLimits = HeadLimits(
  targetBytes: 8192, fieldBytes: 32_768, fields: 100, fieldNameBytes: 256, fieldValueBytes: 8192)

/// What bytes say, for comparing with a literal.
func text(_ bytes: Span<UInt8>) -> String {
  bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}
