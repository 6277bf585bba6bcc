/// One response head: status line and fields, as slices of the read buffer (RFC 9112 §4).
///
/// A parser and its result in one, used as `RequestHead` is.
public struct ResponseHead: ~Copyable {
  /// 100 to 599.
  public private(set) var status = 0
  public private(set) var reason = Slice.empty
  public private(set) var minorVersion = 1
  public private(set) var fields = FieldTable()
  /// Bytes up to the end of the empty line, once complete.
  public var byteCount: Int { lines.position }

  private var lines = FieldLines(start: 0)
  private var isLineRead = false
  /// The status line was there and right.
  public var hasStatusLine: Bool { isLineRead }

  public init() {}

  public mutating func reset() {
    fields.removeAll()
    lines = FieldLines(start: 0)
    isLineRead = false
    status = 0
  }

  public mutating func parse(_ bytes: Span<UInt8>, _ limits: HeadLimits) -> HeadProgress {
    if !isLineRead {
      let progress = parseStatusLine(bytes, limits)
      if progress != .complete { return progress }
      isLineRead = true
    }
    return lines.parse(bytes, into: &fields, limits)
  }

  private mutating func parseStatusLine(_ bytes: Span<UInt8>, _ limits: HeadLimits)
    -> HeadProgress
  {
    // A banner of another protocol is told from its first bytes, not from its first line.
    if !isPrefixOfHTTP(bytes) { return .failed(.malformed) }
    guard let lineFeed = bytes.index(of: 0x0a, from: 0) else {
      return bytes.count > limits.fieldBytes ? .failed(.fieldsTooLarge) : .incomplete
    }
    if lineFeed >= limits.fieldBytes { return .failed(.fieldsTooLarge) }
    let end = lineFeed - 1
    // "HTTP/1.1 200" and its end are the least there can be.
    if end < 12 || bytes[end] != 0x0d || bytes[8] != 0x20 { return .failed(.malformed) }
    let (minor, fault) = HTTPVersion.minor(bytes.extracting(0..<8))
    guard let minor else { return .failed(fault) }
    minorVersion = minor
    guard let code = statusCode(bytes, end) else { return .failed(.malformed) }
    status = code
    reason = Slice(start: min(13, end), count: max(0, end - 13))
    var index = 13
    while index < end {
      if !ByteClass.isFieldValue(bytes[index]) { return .failed(.malformed) }
      index &+= 1
    }
    lines = FieldLines(start: lineFeed + 1)
    return .complete
  }

  private func statusCode(_ bytes: Span<UInt8>, _ end: Int) -> Int? {
    var code = 0
    for index in 9..<12 {
      guard ByteClass.isDigit(bytes[index]) else { return nil }
      code = code * 10 + Int(bytes[index] - 0x30)
    }
    // The reason may be missing, and many servers leave out its space with it.
    let isEnded = end == 12 || bytes[12] == 0x20
    return isEnded && (100...599).contains(code) ? code : nil
  }

  private func isPrefixOfHTTP(_ bytes: Span<UInt8>) -> Bool {
    let start: StaticString = "HTTP/"
    var index = 0
    while index < min(bytes.count, 5) {
      if bytes[index] != start.utf8Start[index] { return false }
      index &+= 1
    }
    return true
  }
}
