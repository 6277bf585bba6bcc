/// How the end of a message body is known (RFC 9112 §6.3).
public enum Framing: Equatable, Sendable {
  case none
  case length(Int)
  case chunked
  /// Responses only: the end of the connection is the end of the body.
  case untilClose
}

/// Why a head's framing is in doubt.
public enum FramingFault: Error, Equatable, Sendable {
  case malformed
  /// A transfer coding other than `chunked`.
  case codingNotImplemented
}

extension Framing {
  /// The framing of a request's body. Nothing in doubt passes: two lengths, a length beside a
  /// coding, a coding on HTTP/1.0.
  public static func ofRequest(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>
  ) throws(FramingFault) -> Framing {
    let declared = try declared(head.fields, bytes)
    if declared == .chunked, head.minorVersion == 0 { throw .malformed }
    return declared ?? .none
  }

  /// The framing of a final response's body.
  /// `isToHead`: the request's method was HEAD, so that no body follows whatever the fields say.
  public static func ofResponse(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, isToHead: Bool
  ) throws(FramingFault) -> Framing {
    let declared = try declared(head.fields, bytes)
    if isToHead || head.status == 204 || head.status == 304 || head.status < 200 { return .none }
    if declared == .chunked, head.minorVersion == 0 { throw .malformed }
    return declared ?? .untilClose
  }

  /// What the two framing fields say; nil where there is neither.
  private static func declared(
    _ fields: borrowing FieldTable, _ bytes: Span<UInt8>
  ) throws(FramingFault) -> Framing? {
    var length: Int?
    var isChunked = false
    var fault: FramingFault?
    var index = 0
    while index < fields.count {
      let field = fields[index]
      index &+= 1
      switch field.known {
      case .contentLength:
        guard length == nil, let value = decimal(bytes[field.value]) else { throw .malformed }
        length = value
      case .transferEncoding:
        // A coding twice is as good as unknown: two parsers would undo it differently often.
        if isChunked { throw .malformed }
        fault = faultOfCodings(bytes[field.value])
        isChunked = true
      default: break
      }
    }
    if isChunked, length != nil { throw .malformed }
    if let fault { throw fault }
    return isChunked ? .chunked : length.map { .length($0) }
  }

  /// `chunked` alone, in any case, passes.
  private static func faultOfCodings(_ value: Span<UInt8>) -> FramingFault? {
    if value.equalsIgnoringCase("chunked") { return nil }
    var isChunkedSeen = false
    var start = 0
    while start <= value.count {
      let comma = value.index(of: 0x2c, from: start) ?? value.count
      var element = TokenList()
      let part = value.extracting(start..<comma)
      // An empty element, or chunked that is not the last coding: in doubt.
      guard let name = element.next(part), !isChunkedSeen else { return .malformed }
      isChunkedSeen = part[name].equalsIgnoringCase("chunked")
      if !isCoding(part[name]) { return .malformed }
      start = comma + 1
    }
    return .codingNotImplemented
  }

  /// A name with parameters, quoted or not; what is neither is malformed.
  private static func isCoding(_ text: Span<UInt8>) -> Bool {
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte <= 0x20 && byte != 0x20 && byte != 0x09 || byte >= 0x7f { return false }
      index &+= 1
    }
    return true
  }

  /// 1*19 digits, nothing else; nil for anything else (RFC 9112 §6.2, RFC 9110 §8.6).
  public static func decimal(_ text: Span<UInt8>) -> Int? {
    if text.isEmpty || text.count > 19 { return nil }
    var value = 0
    var index = 0
    while index < text.count {
      guard ByteClass.isDigit(text[index]) else { return nil }
      let (scaled, isOver) = value.multipliedReportingOverflow(by: 10)
      let (sum, isOverSum) = scaled.addingReportingOverflow(Int(text[index] &- 0x30))
      if isOver || isOverSum { return nil }
      value = sum
      index &+= 1
    }
    return value
  }
}
