import Testing
import Wire

@Suite struct ResponseHeadTests {
  private func outcome(_ text: String) -> HeadOutcome { parseResponse(wire(text)) }

  /// Whole, byte by byte, and in two pieces: the same each time.
  private func agreed(_ bytes: [UInt8]) -> HeadOutcome {
    let whole = parseResponse(bytes)
    for cuts in [Cuts.everyByte(bytes)] + Cuts.inTwo(bytes) {
      #expect(parseResponse(bytes, cuts: cuts) == whole, "\(text(bytes)) cut at \(cuts)")
    }
    return whole
  }

  /// As `agreed`, in pieces cut at random.
  private func agreed(_ bytes: [UInt8], _ random: inout JSONTestRandom) -> HeadOutcome {
    let whole = parseResponse(bytes)
    #expect(parseResponse(bytes, cuts: Cuts.everyByte(bytes)) == whole, "\(text(bytes))")
    let cuts = Cuts.random(bytes, &random)
    #expect(parseResponse(bytes, cuts: cuts) == whole, "\(text(bytes)) cut at \(cuts)")
    return whole
  }

  @Test func `a response is read whole, byte by byte, cut anywhere, and with another behind it`() {
    let response = wire("HTTP/1.1 404 Not Found⏎Content-Length: 0⏎Set-Cookie: a⏎Set-Cookie: b⏎⏎")
    let expected = HeadOutcome.complete(
      ParsedHead(
        line: ["404", "Not Found"], minorVersion: 1,
        fields: [["Content-Length", "0"], ["Set-Cookie", "a"], ["Set-Cookie", "b"]],
        byteCount: response.count))
    #expect(parseResponse(response) == expected)
    #expect(parseResponse(response, cuts: Cuts.everyByte(response)) == expected)
    for cut in 0...response.count {
      #expect(parseResponse(response, cuts: [cut, response.count]) == expected)
      if cut < response.count { #expect(parseResponse(response, cuts: [cut]) == .incomplete) }
    }
    #expect(parseResponse(response + response) == expected)
  }

  @Test func `interim and final responses are read one after the other by one parser`() {
    let interim = wire("HTTP/1.1 103 Early Hints⏎Link: x⏎⏎")
    let final = wire("HTTP/1.0 200⏎⏎")
    var head = ResponseHead()
    #expect(head.parse((interim + final).span, usualLimits) == .complete)
    #expect(head.status == 103)
    #expect(head.byteCount == interim.count)
    head.reset()
    #expect(head.parse(final.span, usualLimits) == .complete)
    #expect(head.status == 200)
    #expect(head.minorVersion == 0)
    #expect(head.fields.count == 0)
    #expect(head.reason.isEmpty)
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK", ["200", "OK"]), ("HTTP/1.1 200", ["200", ""]),
    ("HTTP/1.1 200 ", ["200", ""]), ("HTTP/1.0 599 \tx  y", ["599", "\tx  y"]),
    ("HTTP/1.1 100 Continue", ["100", "Continue"]),
    ("HTTP/1.1 200 Gr\u{fc}n", ["200", "Gr\u{fc}n"]),
  ])
  func `a status line may go without its reason`(line: String, expected: [String]) {
    guard case .complete(let head) = outcome(line + "⏎⏎") else {
      Issue.record("\(line)")
      return
    }
    #expect(head.line == expected)
  }

  @Test(arguments: [
    "HTTP/1.1 099 x⏎⏎", "HTTP/1.1 600 x⏎⏎", "HTTP/1.1 20 OK⏎⏎", "HTTP/1.1 2000 OK⏎⏎",
    "HTTP/1.1 2x0 OK⏎⏎", "HTTP/1.1 -20 OK⏎⏎", "HTTP/1.1  200 OK⏎⏎", "HTTP/1.1\t200 OK⏎⏎",
    "HTTP/1.1 200\tOK⏎⏎", "HTTP/1.1 200OK⏎⏎", "HTTP/1.1 200 O\0K⏎⏎", "HTTP/1.1 200 O\rK⏎⏎",
    "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK⏎A: b\n⏎", "HTTP/2 200 OK⏎⏎", "HTTP/1.1⏎⏎",
    "HTTP/1.1 ⏎⏎", "http/1.1 200 OK⏎⏎", "HTTP/1.10 200 OK⏎⏎", "ICY 200 OK⏎⏎", "SSH-2.0-OpenSSH⏎",
    "⏎HTTP/1.1 200⏎⏎", "220 mail ESMTP⏎", "\u{16}\u{3}\u{1}", "HTTP/1.1 200 OK⏎ folded⏎⏎",
    "HTTP/1.1 200 OK⏎A: b⏎ c⏎⏎", "HTTP/1.1 200 OK⏎A : b⏎⏎", "HTTP/1.1 200 OK⏎nonsense⏎⏎",
  ])
  func `what is not a response by the grammar is malformed`(response: String) {
    #expect(agreed(wire(response)) == .failed(.malformed))
  }

  @Test(arguments: ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9"])
  func `a version that is not spoken here is told as such`(version: String) {
    #expect(outcome("\(version) 200 OK⏎⏎") == .failed(.versionNotSupported))
  }

  @Test func `another protocol is told from its first byte`() {
    #expect(outcome("S") == .failed(.malformed))
    #expect(outcome("HTTQ") == .failed(.malformed))
    #expect(outcome("HTTP") == .incomplete)
  }

  @Test func `an endless status line is too large, and so is one that ends`() {
    let line = "HTTP/1.1 200 " + String(repeating: "a", count: 40_000)
    #expect(agreed(wire(line)) == .failed(.fieldsTooLarge))
    #expect(agreed(wire(line + "⏎⏎")) == .failed(.fieldsTooLarge))
  }

  @Test func `fields have the limits that they have in a request`() {
    let many = "HTTP/1.1 200 OK⏎" + String(repeating: "a: b⏎", count: 101) + "⏎"
    #expect(outcome(many) == .failed(.fieldsTooLarge))
    let large = "HTTP/1.1 200 OK⏎X: " + String(repeating: "v", count: 32_768) + "⏎⏎"
    #expect(outcome(large) == .failed(.fieldsTooLarge))
  }

  @Test func `mutated responses are read the same however they are cut`() {
    var random = JSONTestRandom(for: "ResponseHead.mutated")
    let seeds = [
      "HTTP/1.1 200 OK⏎Content-Length: 3⏎Server: x⏎⏎abc", "HTTP/1.0 304⏎Connection: close⏎⏎",
      "HTTP/1.1 100 Continue⏎⏎HTTP/1.1 503 Busy⏎Retry-After: 1⏎⏎",
    ].map(wire)
    let alphabet = wire("\r\n\n\r \t:;,.HTTP/1.1 200 OK\0\u{80}\u{ff}")
    for round in 0..<6_000 {
      let bytes = random.mutated(seeds[round % seeds.count], alphabet: alphabet)
      _ = agreed(bytes, &random)
    }
  }

  @Test func `under tight limits a head is refused however it is cut, or never`() {
    var random = JSONTestRandom(for: "ResponseHead.tight")
    let seed = wire("HTTP/1.1 200 Fine and well⏎Host: p⏎Name: value⏎Other: value⏎⏎")
    for _ in 0..<4_000 {
      let limits = HeadLimits(
        targetBytes: 0, fieldBytes: 20 + random.below(40), fields: 1 + random.below(4),
        fieldNameBytes: 3 + random.below(4))
      let bytes = random.mutated(seed, alphabet: wire("\r\n :/aH"))
      let whole = parseResponse(bytes, limits: limits)
      let pieces = parseResponse(bytes, cuts: Cuts.everyByte(bytes), limits: limits)
      #expect(whole == pieces || whole.isFailure && pieces.isFailure, "\(text(bytes))")
    }
  }
}
