import Wire

/// A response head and the bytes that it was read from.
struct TestResponse: ~Copyable {
  let head: ResponseHead
  let bytes: [UInt8]
  let progress: HeadProgress

  /// `lines`: the status line and the field lines; their ends are added.
  init(_ lines: String...) { self.init(lines: lines) }

  init(lines: [String]) {
    let bytes = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    var head = ResponseHead()
    progress = head.parse(bytes.span, testHeadLimits)
    self.bytes = bytes
    self.head = head
  }
}
