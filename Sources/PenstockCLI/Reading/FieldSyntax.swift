/// The forms that HTTP gives to what a configuration puts into a message: RFC 9110 §5.
enum FieldSyntax {
  /// Fields that Penstock writes itself: framing, hop-by-hop, the host.
  static let ownFields: Set<String> = [
    "connection", "content-length", "expect", "host", "http2-settings", "keep-alive",
    "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "traceparent", "tracestate", "transfer-encoding", "upgrade",
  ]

  static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
        default: false
        }
      }
  }

  static func hasControl(_ text: String) -> Bool {
    text.utf8.contains { $0 < 0x20 || $0 == 0x7f }
  }

  /// Spaces that a recipient would strip, so that the value would not arrive as written.
  static func hasOuterSpace(_ text: String) -> Bool {
    text.utf8.first == 0x20 || text.utf8.last == 0x20
  }

  /// A name that is safe as a label, in a path and in a log: letters, digits, `.`, `_` and `-`.
  static func isName(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
      }
  }
}
