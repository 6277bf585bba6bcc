/// One request head: request line and fields, as slices of the read buffer (RFC 9112 §2, 3, 5).
///
/// A parser and its result in one, so that it can be reused: `reset`, then `parse` with all bytes
/// from the head's first on, again and again until it is not `incomplete`.
public struct RequestHead: ~Copyable {
  public private(set) var method = Slice.empty
  /// Path and query, of an origin-form or absolute-form target; `*` of an asterisk-form one.
  public private(set) var target = Slice.empty
  /// Of an absolute-form target, which then counts more than Host (RFC 9112 §3.2.2).
  public private(set) var authority = Slice.empty
  /// 0 or 1, of HTTP/1.x.
  public private(set) var minorVersion = 1
  public private(set) var fields = FieldTable()
  /// Bytes from the first to the end of the empty line, once complete.
  public var byteCount: Int { lines.position }

  private var lines = FieldLines(start: 0)
  private var isLineRead = false
  private static let leadingLinesMax = 2

  public init() {}

  public mutating func reset() {
    fields.removeAll()
    lines = FieldLines(start: 0)
    isLineRead = false
    method = .empty
    target = .empty
    authority = .empty
  }

  public mutating func parse(_ bytes: Span<UInt8>, _ limits: HeadLimits) -> HeadProgress {
    if !isLineRead {
      let progress = parseRequestLine(bytes, limits)
      if progress != .complete { return progress }
      isLineRead = true
    }
    return lines.parse(bytes, into: &fields, limits)
  }

  // MARK: The request line

  private mutating func parseRequestLine(_ bytes: Span<UInt8>, _ limits: HeadLimits)
    -> HeadProgress
  {
    var start = 0
    // Some clients send an empty line behind a body (RFC 9112 §2.2).
    while start < bytes.count, bytes[start] == 0x0d {
      if start == 2 * Self.leadingLinesMax { return .failed(.malformed) }
      if start + 1 == bytes.count { return .incomplete }
      if bytes[start + 1] != 0x0a { return .failed(.malformed) }
      start += 2
    }
    let (afterMethod, fault) = parseMethod(bytes, start, limits)
    guard let afterMethod else { return fault }
    let lineFeed = bytes.index(of: 0x0a, from: afterMethod)
    guard let lineFeed else {
      if let lone = bytes.index(of: 0x0d, from: afterMethod), lone + 1 < bytes.count {
        return .failed(.malformed)
      }
      let isTooLong = bytes.count - afterMethod > limits.targetBytes + " HTTP/1.1\r".utf8.count
      return isTooLong ? .failed(.targetTooLong) : .incomplete
    }
    if bytes[lineFeed - 1] != 0x0d { return .failed(.malformed) }
    lines = FieldLines(start: lineFeed + 1)
    return parseTargetAndVersion(bytes, afterMethod..<lineFeed - 1, limits)
  }

  /// Returns where the target begins. Judges bytes as they come: what is not HTTP is told at once.
  private mutating func parseMethod(_ bytes: Span<UInt8>, _ start: Int, _ limits: HeadLimits)
    -> (Int?, HeadProgress)
  {
    var index = start
    while index < bytes.count, ByteClass.isToken(bytes[index]) { index &+= 1 }
    if index == bytes.count {
      return (nil, index - start > Self.methodBytesJudged ? .failed(.malformed) : .incomplete)
    }
    if index == start || bytes[index] != 0x20 { return (nil, .failed(.malformed)) }
    if index - start > Self.methodBytesJudged { return (nil, .failed(.malformed)) }
    if index - start > limits.methodBytes { return (nil, .failed(.methodTooLong)) }
    method = Slice(start: start, count: index - start)
    return (index + 1, .complete)
  }

  /// Past this many bytes it is not a method that nobody knows, it is not HTTP.
  private static let methodBytesJudged = 256

  private mutating func parseTargetAndVersion(
    _ bytes: Span<UInt8>, _ line: Range<Int>, _ limits: HeadLimits
  ) -> HeadProgress {
    var index = line.lowerBound
    while index < line.upperBound, ByteClass.isTarget(bytes[index]) { index &+= 1 }
    target = Slice(start: line.lowerBound, count: index - line.lowerBound)
    if target.isEmpty { return .failed(.malformed) }
    if target.count > limits.targetBytes { return .failed(.targetTooLong) }
    guard index < line.upperBound, bytes[index] == 0x20 else { return .failed(.malformed) }
    let (minor, fault) = HTTPVersion.minor(bytes.extracting((index + 1)..<line.upperBound))
    guard let minor else { return .failed(fault) }
    minorVersion = minor
    if bytes[method].equals("CONNECT") { return .complete }  // its authority-form is never used
    return parseTargetForm(bytes) ? .complete : .failed(.malformed)
  }

  private mutating func parseTargetForm(_ bytes: Span<UInt8>) -> Bool {
    let text = bytes[target]
    if text[0] == 0x2f { return true }
    if text[0] == 0x2a { return text.count == 1 && bytes[method].equals("OPTIONS") }
    let schemeCount = schemeCount(text)
    if schemeCount == 0 { return false }
    var index = schemeCount
    while index < text.count, text[index] != 0x2f, text[index] != 0x3f { index &+= 1 }
    if index == schemeCount { return false }
    authority = Slice(start: Int(target.start) + schemeCount, count: index - schemeCount)
    if index == text.count {
      // No path means "/" (RFC 9112 §3.2.1), and there is one in "http://".
      target = Slice(start: Int(target.start) + schemeCount - 1, count: 1)
      return true
    }
    target = Slice(start: Int(target.start) + index, count: text.count - index)
    return text[index] == 0x2f
  }

  /// Bytes of `http://` or `https://`, in any case (RFC 9110 §4.2.3); 0 for anything else.
  private func schemeCount(_ text: Span<UInt8>) -> Int {
    if text.count >= 7, text.extracting(0..<7).equalsIgnoringCase("http://") { return 7 }
    if text.count >= 8, text.extracting(0..<8).equalsIgnoringCase("https://") { return 8 }
    return 0
  }
}
