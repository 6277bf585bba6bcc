import Wire

/// How long the client waits for its answer, as it says itself.
struct ExecuteDeadline {
  /// 0 where the client says nothing.
  private var clientMilliseconds = 0

  /// Where neither the client nor the account says anything.
  private static let defaultMilliseconds = 55_000

  init() {}

  /// Reads what the official clients say, in Python `x-stainless-read-timeout` and in JavaScript
  /// `X-Stainless-Timeout`, and `Request-Timeout`. All are in seconds; the shortest one counts.
  init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      guard Self.saysTimeout(field.known),
        let milliseconds = Self.milliseconds(ofSeconds: bytes[field.value])
      else { continue }
      clientMilliseconds =
        clientMilliseconds == 0 ? milliseconds : min(clientMilliseconds, milliseconds)
    }
  }

  private static func saysTimeout(_ name: FieldName) -> Bool {
    name == .xStainlessReadTimeout || name == .xStainlessTimeout || name == .requestTimeout
  }

  /// `configured`: the account's total timeout, 0 for none. `margin`: how long before the client's
  /// end the answer has to be there; at most half of the time is given to it.
  func milliseconds(configured: Int, margin: Int) -> Int {
    let own = configured > 0 ? configured : Self.defaultMilliseconds
    if clientMilliseconds == 0 { return own }
    return min(own, max(clientMilliseconds - margin, clientMilliseconds / 2))
  }

  /// `60`, `60.0` and `0.5` are what clients write; anything else says nothing.
  private static func milliseconds(ofSeconds text: Span<UInt8>) -> Int? {
    let dot = text.index(of: 0x2e, from: 0) ?? text.count
    guard dot <= 6, let seconds = Framing.decimal(text.extracting(0..<dot)) else { return nil }
    var milliseconds = seconds * 1000
    var scale = 100
    var index = dot + 1
    while index < text.count {
      guard ByteClass.isDigit(text[index]) else { return nil }
      milliseconds += Int(text[index] - 0x30) * scale
      scale /= 10
      index += 1
    }
    return milliseconds > 0 ? milliseconds : nil
  }
}
