import Upstream
import Wire

/// An absolute `http` or `https` URL, read once by a grammar without guesses: what is dialled and
/// sent is written from what was read.
struct AbsoluteURL {
  let origin: Origin
  /// Where path and query begin in the text; at its end where there are none.
  let targetStart: Int

  /// Whether all bytes are such as a request target may hold; no reader takes a backslash alike.
  static func isPlain(_ text: Span<UInt8>) -> Bool {
    for index in 0..<text.count where !ByteClass.isTarget(text[index]) || text[index] == 0x5c {
      return false
    }
    return true
  }

  /// `text`: plain. Errors: `invalidEndpoint`, `invalidScheme`,
  /// `userinfoNotAllowed`.
  init(_ text: Span<UInt8>) throws(PenstockError) {
    let (isTLS, authorityStart) = try Self.scheme(text)
    var end = authorityStart
    while end < text.count, text[end] != 0x2f, text[end] != 0x3f { end &+= 1 }
    let authority = text.extracting(authorityStart..<end)
    if authority.index(of: 0x40, from: 0) != nil { throw .userinfoNotAllowed }
    guard let (host, port) = Self.hostAndPort(authority, isTLS: isTLS) else {
      throw .invalidEndpoint
    }
    origin = Origin(isTLS: isTLS, host: host, port: port)
    targetStart = end
  }

  /// The scheme, and where the authority begins.
  private static func scheme(_ text: Span<UInt8>) throws(PenstockError) -> (Bool, Int) {
    var index = 0
    while index < text.count, isSchemeByte(text[index]) { index &+= 1 }
    guard index > 0, index < text.count, text[index] == 0x3a else { throw .invalidEndpoint }
    let name = text.extracting(0..<index)
    let isTLS = name.equalsIgnoringCase("https")
    guard isTLS || name.equalsIgnoringCase("http") else { throw .invalidScheme }
    let start = index + 3
    guard start < text.count, text[index + 1] == 0x2f, text[index + 2] == 0x2f, text[start] != 0x2f
    else { throw .invalidEndpoint }
    return (isTLS, start)
  }

  private static func isSchemeByte(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || ByteClass.isDigit(byte) || byte == 0x2b || byte == 0x2d
      || byte == 0x2e
  }

  private static func hostAndPort(_ authority: Span<UInt8>, isTLS: Bool) -> (String, UInt16)? {
    guard HostValue.isValid(authority) else { return nil }
    let (host, port) = HostValue.split(authority)
    var bytes: [UInt8] = []
    let isLiteral = authority[0] == 0x5b
    let range = isLiteral ? 1..<Int(host.count) - 1 : host.range
    for index in range { bytes.append(ByteClass.lowercased(authority[index])) }
    let name = String(decoding: bytes, as: UTF8.self)
    guard let port else { return (name, BaseURL.defaultPort(isTLS: isTLS)) }
    // `:00443` is 443 to one reader and a fault to another.
    let digits = authority.count - Int(host.count) - 1
    guard port > 0, let number = UInt16(exactly: port), String(port).utf8.count == digits else {
      return nil
    }
    return (name, number)
  }
}
