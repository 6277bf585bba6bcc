import Testing
import Wire

@Suite struct BodyDecoderTests {
  /// What became of a body: its payload, what the decoder said last, and how many bytes it took.
  private struct Outcome: Equatable {
    var payload: [UInt8] = []
    var last = BodyEvent.needsMore
    var consumed = 0
  }

  private static let limits = ChunkLimits(
    extensionBytes: 16_384,
    trailers: HeadLimits(targetBytes: 0, fieldBytes: 16_384, fields: 100, fieldNameBytes: 256))

  /// Gives the decoder the bytes between one cut and the next, each piece once.
  private func decode(
    _ bytes: [UInt8], _ framing: Framing = .chunked, cuts: [Int]? = nil
  ) -> Outcome {
    var decoder = BodyDecoder(framing, Self.limits)
    var outcome = Outcome()
    for cut in cuts ?? Cuts.whole(bytes) {
      var isPieceUsed = false
      while !isPieceUsed {
        let piece = bytes.span.extracting(outcome.consumed..<cut)
        var position = 0
        outcome.last = decoder.next(piece, &position)
        if case .payload(let count) = outcome.last {
          let end = outcome.consumed + position
          outcome.payload += bytes[(end - count)..<end]
        }
        outcome.consumed += position
        switch outcome.last {
        case .payload, .trailer: break
        case .needsMore:
          // Nothing is left but a line whose end is still to come.
          #expect(!bytes[outcome.consumed..<cut].contains(0x0a))
          isPieceUsed = true
        case .ended:
          #expect(decoder.isEnded)
          return outcome
        case .failed: return outcome
        }
      }
    }
    return outcome
  }

  /// Whole, byte by byte, and in two pieces: the same each time.
  private func agreed(_ bytes: [UInt8], _ framing: Framing = .chunked) -> Outcome {
    let whole = decode(bytes, framing)
    for cuts in [Cuts.everyByte(bytes)] + Cuts.inTwo(bytes) {
      #expect(decode(bytes, framing, cuts: cuts) == whole, "\(text(bytes)) cut at \(cuts)")
    }
    return whole
  }

  /// As `agreed`, in pieces cut at random.
  private func agreed(_ bytes: [UInt8], _ random: inout JSONTestRandom) -> Outcome {
    let whole = decode(bytes)
    #expect(decode(bytes, cuts: Cuts.everyByte(bytes)) == whole, "\(text(bytes))")
    let cuts = Cuts.random(bytes, &random)
    #expect(decode(bytes, cuts: cuts) == whole, "\(text(bytes)) cut at \(cuts)")
    return whole
  }

  private func ended(_ body: String, with payload: String) {
    // A pipelined request stands behind it, and is left alone.
    let bytes = wire(body + "GET / HTTP/1.1⏎⏎")
    let expected = Outcome(payload: wire(payload), last: .ended, consumed: wire(body).count)
    #expect(agreed(bytes) == expected, "\(body)")
  }

  private func failed(_ body: String, _ fault: BodyFault, payload: String = "") {
    let outcome = agreed(wire(body))
    #expect(outcome.last == .failed(fault), "\(body)")
    #expect(text(outcome.payload) == payload, "\(body)")
  }

  // MARK: Without chunks

  @Test func `no body ends at once and takes nothing`() {
    #expect(decode(wire("GET /"), .none) == Outcome(last: .ended))
    #expect(decode(wire("GET /"), .length(0)) == Outcome(last: .ended))
    #expect(decode([], .none) == Outcome(last: .ended))
  }

  @Test func `a length is kept to the byte`() {
    let bytes = wire("helloGET /")
    let expected = Outcome(payload: wire("hello"), last: .ended, consumed: 5)
    #expect(agreed(bytes, .length(5)) == expected)
    #expect(agreed(bytes, .length(11)).last == .needsMore)
    #expect(agreed(bytes, .length(Int.max)).payload == bytes)
  }

  @Test func `an end of input ends a body that waits for it, and no other`() {
    #expect(isWhole(.untilClose, "abc"))
    #expect(isWhole(.untilClose, ""))
    #expect(isWhole(.none, ""))
    #expect(isWhole(.length(0), ""))
    #expect(!isWhole(.length(4), "abc"))
    #expect(!isWhole(.chunked, "0⏎"))
    #expect(!isWhole(.chunked, ""))
  }

  /// Whether a body may end after these bytes with the end of the input.
  private func isWhole(_ framing: Framing, _ body: String) -> Bool {
    var decoder = BodyDecoder(framing, Self.limits)
    let bytes = wire(body)
    var position = 0
    while position < bytes.count { _ = decoder.next(bytes.span, &position) }
    let isWhole = decoder.onInputEnded()
    #expect(decoder.isEnded == isWhole)
    return isWhole
  }

  // MARK: Chunks that are right

  @Test(arguments: [
    "20", "0020", "00000000000020", "20;a=b", "20;a=\"q;\\\"x\"", "20 ;a", "20\t ; a", "20;a",
    "20;a;b;c=d", "20;a=\"\"", "20;a=\"\u{ff}\t\"", "20;!#$=1",
  ])
  func `a chunk size is hexadecimal, with extensions or without`(head: String) {
    let payload = "0123456789abcdef0123456789ABCDEF"
    ended("\(head)⏎\(payload)⏎0⏎⏎", with: payload)
  }

  @Test func `the case of hexadecimal digits does not matter`() {
    let payload = String(repeating: "z", count: 0x1f)
    ended("1F⏎\(payload)⏎0⏎⏎", with: payload)
    ended("1f⏎\(payload)⏎00000⏎⏎", with: payload)
  }

  @Test func `many small chunks are one payload`() {
    let payload = "0123456789abcdef0123456789ABCDEF"
    ended(payload.map { "1⏎\($0)⏎" }.joined() + "0⏎⏎", with: payload)
  }

  @Test func `a last chunk may carry extensions`() { ended("1⏎a⏎0;x=y⏎⏎", with: "a") }

  @Test(arguments: [
    "X-Sum: a", "Content-Length: 9", "Transfer-Encoding: chunked", "Host: evil",
    "Authorization: Bearer evil", "X-API-Key: k2", "X:POST / HTTP/1.1", "A: b⏎C:⏎D:\t\u{ff}",
  ])
  func `trailers are checked, and are no payload`(trailers: String) {
    ended("5⏎hello⏎0⏎\(trailers)⏎⏎", with: "hello")
  }

  // MARK: Chunks that are wrong

  @Test(arguments: [
    "0x20⏎", "+20⏎", "-20⏎", "2_0⏎", " 20⏎", "20 ⏎", "20\t⏎", "20x⏎", "G⏎", "⏎",
    "FFFFFFFFFFFFFFFF0⏎", "ffffffffffffffff⏎", "8000000000000000⏎", "00000000000000001⏎", "20\n",
    "20\r\r", "20\rX", "\n", "\0", "20;⏎", "20;a\n", "20;a\rb⏎", "20;a\0⏎", "20;bad[⏎", "20;a=⏎",
    "20;a=\"x⏎", "20;a=\"x\"y⏎", "20;=b⏎", "20;a=b c⏎", "20;a =b⏎", "20,a⏎", "20;a=\"\n\"⏎",
    "20;a=\"\\\n\"⏎", "20;;a⏎", "20 a⏎",
  ])
  func `a chunk head that is not by the grammar is malformed`(head: String) {
    failed(head, .malformedChunk)
  }

  @Test(arguments: [
    "5⏎hello!!⏎", "5⏎hello0⏎⏎", "5⏎helloXX", "5⏎hello\n", "5⏎hello\r\r", "5⏎hello\rX",
  ])
  func `data that does not end where its size says is malformed`(body: String) {
    failed(body, .malformedChunk, payload: "hello")
  }

  @Test(arguments: ["0x⏎", "0\n", "0\rX", "0 ⏎"])
  func `garbage behind a last chunk is malformed`(body: String) {
    failed(body, .malformedChunk)
  }

  @Test(arguments: [
    " X: folded", "X : y", "NoColon", ": v", "X: a\0", "X: a\u{7f}", "X\u{80}: a", "X: a\rY: b",
    "X: a\nY: b", "X: a⏎ folded", "\n", "\rX",
  ])
  func `a trailer that is not by the grammar is malformed`(trailer: String) {
    failed("1⏎a⏎0⏎\(trailer)⏎⏎", .malformedTrailer, payload: "a")
  }

  // MARK: Limits

  @Test func `trailers have limits of bytes and fields`() {
    let fits = String(repeating: "v", count: 16_384 - "X:⏎⏎".utf8.count + 2)
    ended("0⏎X:\(fits.dropLast(2))⏎⏎", with: "")
    failed("0⏎X:\(fits)v⏎⏎", .trailersTooLarge)
    let fields = String(repeating: "a:b⏎", count: 100)
    ended("0⏎\(fields)⏎", with: "")
    failed("0⏎\(fields)a:b⏎⏎", .trailersTooLarge)
  }

  @Test func `extensions have a limit, of one chunk or of many together`() {
    failed("1;" + String(repeating: "x", count: 16_385) + "⏎a⏎", .chunkOverhead)
    let chunk = "1;" + String(repeating: "x", count: 200) + "⏎a⏎"
    let chunks = wire(String(repeating: chunk, count: 100))
    #expect(decode(chunks).last == .failed(.chunkOverhead))
    #expect(decode(chunks, cuts: Cuts.everyByte(chunks)) == decode(chunks))
  }

  @Test func `a flood of tiny chunks is refused, one of small chunks is not`() {
    let tiny = wire(String(repeating: "1⏎a⏎", count: 200_000))
    #expect(decode(tiny).last == .failed(.chunkOverhead))
    let small = wire(String(repeating: "a⏎0123456789⏎", count: 100_000) + "0⏎⏎")
    #expect(decode(small).last == .ended)
  }

  @Test func `a chunk of the largest size is waited for, and not over-read`() {
    let outcome = decode(wire("7fffffffffffffff⏎abc"))
    #expect(outcome.payload == wire("abc"))
    #expect(outcome.last == .needsMore)
  }

  // MARK: Whatever comes

  @Test func `random bodies come out as they went in, however they are cut`() {
    var random = JSONTestRandom(for: "BodyDecoder.random")
    for _ in 0..<2_000 {
      var payload: [UInt8] = []
      var body: [UInt8] = []
      for _ in 0..<random.below(6) {
        let chunk = (0..<(1 + random.below(40))).map { _ in UInt8(random.below(256)) }
        payload += chunk
        body += wire(String(repeating: "0", count: random.below(3)))
        body += wire(String(chunk.count, radix: 16, uppercase: random.below(2) == 0))
        body += wire(["", ";a", ";a=b", " ;a=\"\\\"\"", ";a;b"][random.below(5)] + "⏎")
        body += chunk + wire("⏎")
      }
      body += wire(["0⏎⏎", "000;x⏎⏎", "0⏎A: b⏎⏎", "0⏎A:⏎B: c⏎⏎"][random.below(4)])
      let behind = (0..<random.below(5)).map { _ in UInt8(random.below(256)) }
      let expected = Outcome(payload: payload, last: .ended, consumed: body.count)
      #expect(agreed(body + behind, &random) == expected)
      #expect(ChunkOracle.decode(body + behind)?.payload == payload)
    }
  }

  @Test func `mutated bodies end where a simple decoder says they do, or not at all`() {
    var random = JSONTestRandom(for: "BodyDecoder.mutated")
    let seeds = [
      "5⏎hello⏎0⏎⏎", "A;a=\"b;\\\"c\"⏎0123456789⏎1 ;x⏎z⏎0⏎X: y⏎Z:⏎⏎", "3⏎abc⏎002;q=r⏎de⏎0;e⏎⏎GET /",
    ].map(wire)
    let alphabet = wire("\r\n\r\n0123aAfF;= \t\"\\:x\0\u{80}")
    for round in 0..<12_000 {
      let bytes = random.mutated(seeds[round % seeds.count], alphabet: alphabet)
      let outcome = agreed(bytes, &random)
      if let oracle = ChunkOracle.decode(bytes) {
        #expect(outcome.last == .ended, "\(text(bytes))")
        #expect(outcome.payload == oracle.payload && outcome.consumed == oracle.consumed)
      } else {
        #expect(outcome.last != .ended, "\(text(bytes))")
      }
    }
  }
}
