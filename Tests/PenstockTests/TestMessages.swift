import Wire

@testable import Penstock

/// A request head and the bytes that it was read from.
struct TestRequest: ~Copyable {
  var head = RequestHead()
  let bytes: [UInt8]
  let progress: HeadProgress

  /// `lines`: the request line and the field lines; their ends are added.
  init(_ lines: String...) { self.init(lines: lines) }

  init(lines: [String]) {
    bytes = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    progress = head.parse(bytes.span, testHeadLimits)
  }
}

/// A response head and the bytes that it was read from.
struct TestResponse: ~Copyable {
  var head = ResponseHead()
  let bytes: [UInt8]
  let progress: HeadProgress

  init(_ lines: String...) {
    bytes = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    progress = head.parse(bytes.span, testHeadLimits)
  }
}

let testHeadLimits = HeadLimits(
  targetBytes: 8192, fieldBytes: 32_768, fields: 100, fieldNameBytes: 256, fieldValueBytes: 8192)

/// What bytes say, for comparing with a literal.
func text(_ bytes: Span<UInt8>) -> String {
  bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

/// What `write` appends.
func written(_ write: (inout ByteBuffer) -> Void) -> String {
  var buffer = ByteBuffer()
  write(&buffer)
  return text(buffer.span)
}

extension Account {
  /// An account at `base`, with what a test cares about.
  static func at(
    _ base: String, index: Int = 0, id: String = "ca_test", disabled: Bool = false,
    allowedHosts: [String] = [], credential: Credential = .none, headers: [AccountHeader] = [],
    proxy: String? = nil
  ) throws -> Account {
    Account(
      index: index, id: id, disabled: disabled, base: try BaseURL(parsing: base),
      allowedHosts: allowedHosts.compactMap(HostRule.init(parsing:)), credential: credential,
      headers: headers, proxy: proxy)
  }
}
