import Testing
import Wire

@Suite struct RequestHeadTests {
  private func outcome(_ text: String) -> HeadOutcome { parseRequest(wire(text)) }

  /// Whole, byte by byte, and in two pieces: the same each time.
  private func agreed(_ bytes: [UInt8]) -> HeadOutcome {
    let whole = parseRequest(bytes)
    for cuts in [Cuts.everyByte(bytes)] + Cuts.inTwo(bytes) {
      #expect(parseRequest(bytes, cuts: cuts) == whole, "\(text(bytes)) cut at \(cuts)")
    }
    return whole
  }

  /// As `agreed`, in pieces cut at random.
  private func agreed(_ bytes: [UInt8], _ random: inout JSONTestRandom) -> HeadOutcome {
    let whole = parseRequest(bytes)
    #expect(parseRequest(bytes, cuts: Cuts.everyByte(bytes)) == whole, "\(text(bytes))")
    let cuts = Cuts.random(bytes, &random)
    #expect(parseRequest(bytes, cuts: cuts) == whole, "\(text(bytes)) cut at \(cuts)")
    return whole
  }

  // MARK: What is right

  @Test func `a request is read whole, byte by byte, cut anywhere, and with another behind it`() {
    let request = wire("POST /a/b?c=d HTTP/1.1⏎Host: p⏎X-Empty:⏎X-Spaced: \t a b\t ⏎⏎")
    let expected = HeadOutcome.complete(
      ParsedHead(
        line: ["POST", "/a/b?c=d", ""], minorVersion: 1,
        fields: [["Host", "p"], ["X-Empty", ""], ["X-Spaced", "a b"]], byteCount: request.count))
    #expect(parseRequest(request) == expected)
    #expect(parseRequest(request, cuts: Cuts.everyByte(request)) == expected)
    for cut in 0...request.count {
      #expect(parseRequest(request, cuts: [cut, request.count]) == expected)
      if cut < request.count { #expect(parseRequest(request, cuts: [cut]) == .incomplete) }
    }
    #expect(parseRequest(request + request) == expected)
    #expect(parseRequest(request + wire("\0\0")) == expected)
  }

  @Test func `pipelined requests are read one after the other by one parser`() {
    let first = wire("GET /1 HTTP/1.1⏎Host: a⏎⏎")
    let second = wire("⏎GET http://h/2 HTTP/1.0⏎⏎")
    let bytes = first + second
    var head = RequestHead()
    #expect(head.parse(bytes.span, usualLimits) == .complete)
    #expect(head.byteCount == first.count)
    let rest = Array(bytes[head.byteCount...])
    head.reset()
    #expect(head.parse(rest.span, usualLimits) == .complete)
    #expect(rest.text(of: head.target) == "/2")
    #expect(rest.text(of: head.authority) == "h")
    #expect(head.minorVersion == 0)
    #expect(head.fields.count == 0)
    #expect(head.byteCount == second.count)
  }

  @Test(arguments: ["", "⏎", "⏎⏎"])
  func `two empty lines may stand before a request`(lines: String) {
    let request = lines + "GET / HTTP/1.1⏎⏎"
    guard case .complete(let head) = outcome(request) else {
      Issue.record("\(outcome(request))")
      return
    }
    #expect(head.byteCount == wire(request).count)
  }

  @Test(arguments: [
    ("GET http://p/healthz HTTP/1.1", ["GET", "/healthz", "p"]),
    ("GET http://p:80/a?b HTTP/1.1", ["GET", "/a?b", "p:80"]),
    ("GET https://p HTTP/1.1", ["GET", "/", "p"]),
    ("GET http://evil/healthz HTTP/1.1", ["GET", "/healthz", "evil"]),
    ("GET HTTP://p/ HTTP/1.1", ["GET", "/", "p"]),
    ("OPTIONS * HTTP/1.1", ["OPTIONS", "*", ""]),
    ("CONNECT a:443 HTTP/1.1", ["CONNECT", "a:443", ""]),
    ("TRACE / HTTP/1.1", ["TRACE", "/", ""]),
    ("get /healthz HTTP/1.1", ["get", "/healthz", ""]),
    ("!#$%&'*+-.^_`|~09az / HTTP/1.1", ["!#$%&'*+-.^_`|~09az", "/", ""]),
    ("GET /%00 HTTP/1.1", ["GET", "/%00", ""]),
    ("GET /%0d%0aX-Inj:%201 HTTP/1.1", ["GET", "/%0d%0aX-Inj:%201", ""]),
    ("GET /..%2f..%2fetc/passwd HTTP/1.1", ["GET", "/..%2f..%2fetc/passwd", ""]),
    ("GET /\"<>\\^`{|}[] HTTP/1.1", ["GET", "/\"<>\\^`{|}[]", ""]),
  ])
  func `a target passes byte for byte, and an authority is told apart`(
    line: String, expected: [String]
  ) {
    guard case .complete(let head) = outcome(line + "⏎⏎") else {
      Issue.record("\(line): \(outcome(line + "⏎⏎"))")
      return
    }
    #expect(head.line == expected)
  }

  // MARK: What is wrong

  @Test(arguments: [
    "GET /healthz HTTP/1.1\nHost: p\n\n", "GET / HTTP/1.1⏎Host: p\nA: b⏎⏎",
    "GET / HTTP/1.1⏎A: b⏎Host: p\n⏎", "GET / HTTP/1.1⏎Host: p⏎\n", "GET / HTTP/1.1\rHost: p\r\r\n",
    "GET / HTTP/1.1\r\rHost: p⏎⏎", "GET  /healthz HTTP/1.1⏎⏎", "GET /healthz  HTTP/1.1⏎⏎",
    "GET /healthz HTTP/1.1 ⏎⏎", "GET\t/healthz\tHTTP/1.1⏎⏎", "GET /pa th HTTP/1.1⏎⏎",
    "GET HTTP/1.1⏎⏎", " / HTTP/1.1⏎⏎", "GET⏎⏎", "GET /⏎", "GET / ⏎⏎", "GET ⏎⏎",
    "G@T / HTTP/1.1⏎⏎", "GE(T / HTTP/1.1⏎⏎", "G\"T / HTTP/1.1⏎⏎", "\0 / HTTP/1.1⏎⏎",
    "G\u{c4}T / HTTP/1.1⏎⏎", "GET * HTTP/1.1⏎⏎", "OPTIONS */x HTTP/1.1⏎⏎", "GET p:80 HTTP/1.1⏎⏎",
    "GET admin HTTP/1.1⏎⏎", "GET ?x HTTP/1.1⏎⏎", "GET ftp://p/ HTTP/1.1⏎⏎",
    "GET http:///x HTTP/1.1⏎⏎", "GET http://p?x HTTP/1.1⏎⏎", "GET /path#frag HTTP/1.1⏎⏎",
    "⏎⏎⏎GET / HTTP/1.1⏎⏎", "\nGET / HTTP/1.1⏎⏎", "\rGET / HTTP/1.1⏎⏎",
  ])
  func `a request line or line end that is not by the grammar is malformed`(request: String) {
    #expect(agreed(wire(request)) == .failed(.malformed))
  }

  @Test func `no control, space or byte beyond ASCII may stand in a target`() {
    for byte in Array(UInt8(0)...0x20) + [0x23, 0x7f] + Array(0x80...0xff) {
      let bytes = wire("GET /a") + [byte] + wire("b HTTP/1.1⏎⏎")
      #expect(parseRequest(bytes) == .failed(.malformed), "byte \(byte)")
    }
  }

  @Test(arguments: ["HTTP/9.9", "HTTP/2.0", "HTTP/1.2", "HTTP/0.9"])
  func `a version that is not spoken here is told as such`(version: String) {
    #expect(outcome("GET / \(version)⏎⏎") == .failed(.versionNotSupported))
  }

  @Test func `the preface of HTTP2 is one request of a wrong version`() {
    #expect(outcome("PRI * HTTP/2.0⏎⏎SM⏎⏎").isFailure)
  }

  @Test(arguments: [
    "HTTP/1", "HTTP/01.1", "HTTP/1.10", "HTTP/ 1.1", "http/1.1", "HTTP/1.1x",
    "HTTP/4294967297.1", "HTTP/1,1", "HTTP/a.1", "HTTP/1.", "HTTPS/1.1", "HTTP/-1.1",
  ])
  func `a version that is none is malformed`(version: String) {
    #expect(outcome("GET / \(version)⏎⏎") == .failed(.malformed))
  }

  @Test(arguments: [
    "X-Test : v", "Content-Length : 3", " X: y", "\tContent-Length: 1", "X: a⏎ b", "X: a⏎\tb",
    ": v", ":", "NoColon", "X Y: z", "X[]: v", "X(: v", "X\u{80}: v", "X\u{a0}: v", "X\0: v",
    "Content-Length 10", "A: b⏎\rX: y", "Transfer-Encoding : chunked", "Transfer\r-Encoding: x",
    "Transfer-⏎Encoding: chunked", " Transfer-Encoding: chunked", "Transfer Encoding: chunked",
    "Transf\u{82}r-Encoding: x", "X:X\nTransfer-Encoding: chunked",
    "X:X\rTransfer-Encoding: chunked", "X: \r", "X\r: a",
  ])
  func `a field line that is not by the grammar is malformed`(line: String) {
    for request in ["GET / HTTP/1.1⏎\(line)⏎⏎", "GET / HTTP/1.1⏎Host: p⏎\(line)⏎A: b⏎⏎"] {
      #expect(agreed(wire(request)) == .failed(.malformed), "\(request)")
    }
  }

  @Test(arguments: ["GET / HTTP/1.1\r", "GET / HTTP/1.1⏎A: b\r"])
  func `a lone CR is told at its next byte, not at the end of its line`(start: String) {
    #expect(outcome(start) == .incomplete)
    #expect(outcome(start + "X") == .failed(.malformed))
  }

  @Test func `a value holds visible characters, blanks and obs-text, and no control`() {
    for byte in UInt8.min...UInt8.max {
      let isAllowed = byte == 0x09 || byte >= 0x20 && byte != 0x7f
      let bytes = wire("GET / HTTP/1.1⏎X: a") + [byte] + wire("b⏎⏎")
      if isAllowed {
        guard case .complete(let head) = parseRequest(bytes) else {
          Issue.record("byte \(byte)")
          continue
        }
        #expect(head.fields == [["X", text([0x61, byte, 0x62])]])
      } else {
        #expect(parseRequest(bytes) == .failed(.malformed), "byte \(byte)")
      }
    }
  }

  @Test func `only blanks are trimmed off a value`() {
    let bytes = wire("GET / HTTP/1.1⏎X: \t\u{85}v\u{a0} \t⏎Y:\t⏎hoSt:\tp⏎⏎")
    guard case .complete(let head) = parseRequest(bytes) else {
      Issue.record("not complete")
      return
    }
    #expect(head.fields == [["X", "\u{85}v\u{a0}"], ["Y", ""], ["hoSt", "p"]])
  }

  // MARK: Limits

  @Test func `a target of the limit passes, one byte more is too long, and so is an endless one`() {
    func target(_ count: Int) -> [UInt8] {
      wire("GET /" + String(repeating: "a", count: count - 1) + " HTTP/1.1⏎⏎")
    }
    for count in [8_000, 8_192] {
      guard case .complete = agreed(target(count)) else {
        Issue.record("\(count) bytes")
        continue
      }
    }
    for count in [8_193, 8_203] {
      #expect(agreed(target(count)) == .failed(.targetTooLong), "\(count) bytes")
    }
    let endless = wire("GET /" + String(repeating: "a", count: 200_000))
    #expect(parseRequest(endless, cuts: [8_000]) == .incomplete)
    #expect(parseRequest(endless, cuts: [8_300]) == .failed(.targetTooLong))
    #expect(parseRequest(endless) == .failed(.targetTooLong))
  }

  @Test func `a long method is told from what is not HTTP at all`() {
    func method(_ count: Int) -> HeadOutcome {
      outcome(String(repeating: "A", count: count) + " / HTTP/1.1⏎⏎")
    }
    guard case .complete = method(32) else {
      Issue.record("32 bytes")
      return
    }
    #expect(method(33) == .failed(.methodTooLong))
    #expect(method(64) == .failed(.methodTooLong))
    #expect(method(8_192) == .failed(.malformed))
    #expect(outcome(String(repeating: "A", count: 300)) == .failed(.malformed))
  }

  @Test func `field names have a limit`() {
    func name(_ count: Int) -> HeadOutcome {
      outcome("GET / HTTP/1.1⏎" + String(repeating: "n", count: count) + ": v⏎⏎")
    }
    guard case .complete = name(256) else {
      Issue.record("256 bytes")
      return
    }
    #expect(name(257) == .failed(.fieldsTooLarge))
    #expect(name(65_536) == .failed(.fieldsTooLarge))
  }

  @Test func `the number of fields has a limit`() {
    func fields(_ count: Int) -> HeadOutcome {
      outcome("GET / HTTP/1.1⏎" + String(repeating: "a: b⏎", count: count) + "⏎")
    }
    guard case .complete(let head) = fields(100) else {
      Issue.record("100 fields")
      return
    }
    #expect(head.fields.count == 100)
    #expect(fields(101) == .failed(.fieldsTooLarge))
    #expect(fields(10_000) == .failed(.fieldsTooLarge))
  }

  @Test(arguments: [(8_192, true), (8_193, false), (65_536, false)])
  func `field values have a limit, without the blanks around them`(count: Int, isAllowed: Bool) {
    let value = String(repeating: "v", count: count)
    let outcome = agreed(wire("GET / HTTP/1.1⏎X: \t\(value) ⏎⏎"))
    if isAllowed {
      #expect(!outcome.isFailure)
    } else {
      #expect(outcome == .failed(.fieldsTooLarge))
    }
  }

  @Test(arguments: [(32_767, true), (32_768, true), (32_769, false), (65_536, false)])
  func `all field lines together have a limit`(count: Int, isAllowed: Bool) {
    // 16 lines of 2000 bytes; one more holds the rest, beside the empty line.
    let lines = String(repeating: "X:" + String(repeating: "v", count: 1_996) + "⏎", count: 16)
    let rest = "Y:" + String(repeating: "v", count: count - 16 * 2_000 - 6) + "⏎⏎"
    let bytes = wire("GET / HTTP/1.1⏎" + lines + rest)
    let outcome = agreed(bytes)
    if isAllowed {
      #expect(!outcome.isFailure)
    } else {
      #expect(outcome == .failed(.fieldsTooLarge))
    }
  }

  // MARK: Whatever comes

  @Test func `mutated requests are read the same however they are cut`() {
    var random = JSONTestRandom(for: "RequestHead.mutated")
    let seeds = [
      "GET /a?b=c HTTP/1.1⏎Host: p⏎Content-Length: 3⏎⏎abc",
      "⏎POST http://h:80/x HTTP/1.0⏎Transfer-Encoding: chunked⏎Connection: a, b⏎⏎0⏎⏎",
      "OPTIONS * HTTP/1.1⏎X:⏎Y: \t z⏎⏎GET / HTTP/1.1⏎⏎",
    ].map(wire)
    let alphabet = wire("\r\n\n\r \t:;/*?#,.HTTP/1.1GETahost\0\u{80}\u{ff}")
    for round in 0..<6_000 {
      let bytes = random.mutated(seeds[round % seeds.count], alphabet: alphabet)
      _ = agreed(bytes, &random)
    }
  }

  @Test func `under tight limits a head is refused however it is cut, or never`() {
    var random = JSONTestRandom(for: "RequestHead.tight")
    let seed = wire("GET /abcdef HTTP/1.1⏎Host: p⏎Name: value⏎Other: value⏎⏎")
    let alphabet = wire("\r\n :/aH")
    for _ in 0..<4_000 {
      let limits = HeadLimits(
        targetBytes: 4 + random.below(8), fieldBytes: 20 + random.below(40),
        fields: 1 + random.below(4), fieldNameBytes: 3 + random.below(4),
        methodBytes: 2 + random.below(4))
      let bytes = random.mutated(seed, alphabet: alphabet)
      let whole = parseRequest(bytes, limits: limits)
      let pieces = parseRequest(bytes, cuts: Cuts.everyByte(bytes), limits: limits)
      // Which of two limits is met first may differ; whether one is must not.
      #expect(whole == pieces || whole.isFailure && pieces.isFailure, "\(text(bytes))")
    }
  }

  @Test func `random bytes never complete by accident and never trap`() {
    var random = JSONTestRandom(for: "RequestHead.random")
    for _ in 0..<2_000 {
      let bytes = (0..<random.below(300)).map { _ in UInt8(random.below(256)) }
      if case .complete = agreed(bytes, &random) { Issue.record("\(bytes)") }
    }
  }
}
