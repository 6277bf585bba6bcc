import Testing
import Wire

/// Bodies whose payload cannot be taken at once, or is moved without being looked at.
@Suite struct BodyBackPressureTests {
  private static let limits = ChunkLimits(
    extensionBytes: 16_384,
    trailers: HeadLimits(targetBytes: 0, fieldBytes: 16_384, fields: 100, fieldNameBytes: 256))

  /// What became of a body.
  private struct Outcome: Equatable {
    var payload: [UInt8] = []
    var trailers = 0
    var isEnded = false
    /// True where an end of the input was the end of the body.
    var isWholeAtEnd = false
    var consumed = 0
  }

  /// How the payload that a decoder tells of is taken.
  private struct Taker {
    /// How much of each piece of payload is taken at the most; the rest is put back.
    var most: () -> Int = { Int.max }
    /// How much of a run is moved past the decoder; 0 where all of it is looked at.
    var moves: (Int) -> Int = { _ in 0 }
  }

  /// Gives the decoder what stands between one cut and the next, as a connection would, and then
  /// the end of the input.
  private func decode(
    _ bytes: [UInt8], _ framing: Framing, cuts: [Int], _ taker: Taker
  ) -> Outcome {
    var decoder = BodyDecoder(framing, Self.limits)
    var outcome = Outcome()
    for cut in cuts where !outcome.isEnded {
      var isUsedUp = false
      while !isUsedUp, !outcome.isEnded {
        let run = decoder.runBytes
        #expect(run >= 0 && (run == 0 || !decoder.holdsPayload))
        let moved = min(taker.moves(min(run, cut - outcome.consumed)), cut - outcome.consumed)
        if moved > 0 {
          outcome.payload += bytes[outcome.consumed..<(outcome.consumed + moved)]
          outcome.consumed += moved
          decoder.skip(moved)
          #expect(run == Int.max || decoder.runBytes == run - moved)
        }
        isUsedUp = step(&decoder, bytes, cut, taker, &outcome)
      }
    }
    outcome.isWholeAtEnd = outcome.isEnded || decoder.onInputEnded()
    return outcome
  }

  /// One call of the decoder; true where it wants more than there is up to the cut.
  private func step(
    _ decoder: inout BodyDecoder, _ bytes: [UInt8], _ cut: Int, _ taker: Taker,
    _ outcome: inout Outcome
  ) -> Bool {
    let piece = bytes.span.extracting(outcome.consumed..<cut)
    var position = 0
    defer { outcome.consumed += position }
    switch decoder.next(piece, &position) {
    case .needsMore: return true
    case .payload(let count):
      let taken = min(count, taker.most())
      let start = outcome.consumed + position - count
      outcome.payload += bytes[start..<(start + taken)]
      if taken < count {
        let before = position
        decoder.putBack(count - taken, &position)
        #expect(position == before - (count - taken))
        #expect(decoder.holdsPayload && decoder.runBytes == 0 && !decoder.isEnded)
      }
    case .trailer: outcome.trailers += 1
    case .ended:
      #expect(decoder.isEnded && !decoder.holdsPayload && decoder.runBytes == 0)
      outcome.isEnded = true
    case .failed(let fault):
      Issue.record("\(fault)")
      return true
    }
    return false
  }

  // MARK: What is put back

  @Test(arguments: [Framing.length(9), .untilClose, .chunked])
  func `what could not be taken comes again, and once`(framing: Framing) {
    let payload = "penstocks"
    let body = wire(framing == .chunked ? "4⏎pens⏎5⏎tocks⏎0⏎⏎" : payload)
    for most in [1, 2, 3, 8, 9, 100] {
      for cuts in [Cuts.whole(body), Cuts.everyByte(body)] + Cuts.inTwo(body) {
        let outcome = decode(body, framing, cuts: cuts, Taker(most: { most }))
        #expect(text(outcome.payload) == payload, "\(most) cut at \(cuts)")
        #expect(outcome.consumed == body.count && outcome.isWholeAtEnd)
        #expect(outcome.isEnded == (framing != .untilClose))
      }
    }
  }

  @Test(arguments: [Framing.length(5), .untilClose, .chunked])
  func `nothing of it may be taken, as often as it is offered`(framing: Framing) {
    let body = wire(framing == .chunked ? "5⏎hello⏎0⏎⏎" : "hello")
    var decoder = BodyDecoder(framing, Self.limits)
    var position = 0
    for _ in 0..<3 {
      #expect(decoder.next(body.span, &position) == .payload(5))
      decoder.putBack(5, &position)
      #expect(decoder.holdsPayload)
      #expect(body[position] == 0x68)
    }
    #expect(decoder.next(body.span, &position) == .payload(5))
    #expect(!decoder.holdsPayload)
    if framing == .untilClose { return }
    #expect(decoder.next(body.span, &position) == .ended)
    #expect(position == body.count)
  }

  @Test func `what was put back is waited for where it is not there`() {
    let body = wire("hello")
    var decoder = BodyDecoder(.length(5), Self.limits)
    var position = 0
    #expect(decoder.next(body.span, &position) == .payload(5))
    decoder.putBack(3, &position)
    // A buffer that gives only its beginning.
    #expect(decoder.next(body.span.extracting(0..<2), &position) == .needsMore)
    #expect(decoder.next(body.span.extracting(0..<4), &position) == .payload(2))
    #expect(decoder.holdsPayload)
    #expect(decoder.next(body.span, &position) == .payload(1))
    #expect(!decoder.holdsPayload)
    #expect(decoder.next(body.span, &position) == .ended)
  }

  @Test func `putting nothing back changes nothing`() {
    let body = wire("hello")
    var decoder = BodyDecoder(.length(9), Self.limits)
    var position = 0
    #expect(decoder.next(body.span, &position) == .payload(5))
    decoder.putBack(0, &position)
    #expect(!decoder.holdsPayload && position == 5)
    #expect(decoder.runBytes == 4)
    #expect(decoder.next(body.span, &position) == .needsMore)
  }

  @Test func `an end of the input takes nothing from what was put back`() {
    let body = wire("hello")
    var decoder = BodyDecoder(.untilClose, Self.limits)
    var position = 0
    #expect(decoder.next(body.span, &position) == .payload(5))
    decoder.putBack(3, &position)
    let isWhole = decoder.onInputEnded()
    #expect(isWhole)
    #expect(decoder.holdsPayload)
    #expect(decoder.next(body.span, &position) == .payload(3))
    #expect(position == 5)
    #expect(decoder.next(body.span, &position) == .ended)
  }

  @Test(arguments: [(Framing.length(5), "hello"), (.chunked, "5⏎hello⏎0⏎⏎")])
  func `a framed body with payload put back ends behind it, whatever the input does`(
    framing: Framing, body: String
  ) {
    let bytes = wire(body)
    var decoder = BodyDecoder(framing, Self.limits)
    var position = 0
    #expect(decoder.next(bytes.span, &position) == .payload(5))
    decoder.putBack(3, &position)
    _ = decoder.onInputEnded()
    #expect(!decoder.isEnded)
    #expect(decoder.next(bytes.span, &position) == .payload(3))
    #expect(decoder.next(bytes.span, &position) == .ended)
    #expect(position == bytes.count)
  }

  // MARK: Runs

  @Test func `a run is what of a length is left, and nothing of a body that is over`() {
    let body = wire("hello")
    for framing in [Framing.none, .length(0)] {
      #expect(BodyDecoder(framing, Self.limits).runBytes == 0)
    }
    var decoder = BodyDecoder(.length(1000), Self.limits)
    #expect(decoder.runBytes == 1000)
    var position = 0
    #expect(decoder.next(body.span, &position) == .payload(5))
    #expect(decoder.runBytes == 995)
    decoder.skip(990)
    #expect(decoder.runBytes == 5 && !decoder.isEnded)
    decoder.skip(5)
    #expect(decoder.runBytes == 0 && !decoder.isEnded)
    // The end takes no byte, and has to be asked for.
    #expect(decoder.next(body.span, &position) == .ended)
    #expect(position == 5 && decoder.isEnded)
  }

  @Test func `a body with a length is spent when all of it was taken, and not before`() {
    let body = wire("hello")
    var decoder = BodyDecoder(.length(5), Self.limits)
    var position = 0
    #expect(!decoder.isSpent)
    #expect(decoder.next(body.span, &position) == .payload(5))
    #expect(decoder.isSpent)
    decoder.putBack(2, &position)
    #expect(!decoder.isSpent)
    #expect(decoder.next(body.span, &position) == .payload(2))
    #expect(decoder.isSpent)
    #expect(decoder.next(body.span, &position) == .ended)
    #expect(!decoder.isSpent)
    var moved = BodyDecoder(.length(5), Self.limits)
    moved.skip(4)
    #expect(!moved.isSpent)
    moved.skip(1)
    #expect(moved.isSpent)
    for framing in [Framing.none, .length(0), .untilClose, .chunked] {
      #expect(!BodyDecoder(framing, Self.limits).isSpent)
    }
  }

  @Test func `a run without a length has no end but the input's`() {
    var decoder = BodyDecoder(.untilClose, Self.limits)
    #expect(decoder.runBytes == Int.max)
    decoder.skip(1 << 40)
    decoder.skip(Int.max)
    #expect(decoder.runBytes == Int.max)
    let isWhole = decoder.onInputEnded()
    #expect(isWhole)
    #expect(decoder.runBytes == 0)
  }

  @Test func `a run of chunks is the rest of the one that has begun`() {
    let body = wire("0a;x=y⏎0123456789⏎5⏎hello⏎0⏎A: b⏎⏎")
    var decoder = BodyDecoder(.chunked, Self.limits)
    #expect(decoder.runBytes == 0)
    var position = 0
    #expect(decoder.next(body.span.extracting(0..<7), &position) == .needsMore)
    #expect(decoder.runBytes == 0)
    #expect(decoder.next(body.span.extracting(0..<8), &position) == .needsMore)
    #expect(decoder.runBytes == 10)
    decoder.skip(4)
    position += 4
    #expect(decoder.runBytes == 6)
    #expect(decoder.next(body.span.extracting(0..<15), &position) == .payload(3))
    #expect(decoder.runBytes == 3)
    decoder.skip(3)
    position += 3
    #expect(decoder.runBytes == 0)
    #expect(decoder.next(body.span, &position) == .payload(5))
    #expect(decoder.runBytes == 0)
    guard case .trailer = decoder.next(body.span, &position) else {
      Issue.record("no trailer")
      return
    }
    #expect(decoder.next(body.span, &position) == .ended)
    #expect(position == body.count && decoder.runBytes == 0)
  }

  @Test func `skipping nothing changes nothing, in any state`() {
    for framing in [Framing.none, .length(0), .length(3), .untilClose, .chunked] {
      var decoder = BodyDecoder(framing, Self.limits)
      let run = decoder.runBytes
      decoder.skip(0)
      #expect(decoder.runBytes == run)
    }
  }

  @Test func `chunks that are moved count as payload against a flood of heads`() {
    // As many chunk heads as would be refused with a byte each.
    let head = wire("1000⏎")
    let lineEnd = wire("⏎")
    var decoder = BodyDecoder(.chunked, Self.limits)
    for _ in 0..<50_000 {
      var position = 0
      #expect(decoder.next(head.span, &position) == .needsMore)
      decoder.skip(0x1000)
      position = 0
      #expect(decoder.next(lineEnd.span, &position) == .needsMore)
    }
  }

  // MARK: Whatever comes

  @Test func `random bodies come out whole, however they are taken and moved`() {
    var random = JSONTestRandom(for: "BodyBackPressure")
    for round in 0..<3_000 {
      let (body, framing, payload, trailers) = randomBody(&random)
      let behind =
        framing == .untilClose ? [] : (0..<random.below(5)).map { _ in UInt8(random.below(256)) }
      let cuts = [Cuts.whole(body), Cuts.everyByte(body), Cuts.random(body, &random)][
        random.below(3)]
      let last = cuts.dropLast() + [body.count + behind.count]
      let (mostMax, moveMax) = (1 + random.below(50), random.below(60))
      var seed = random
      let taker = Taker(
        most: { seed.below(4) == 0 ? 0 : 1 + seed.below(mostMax) },
        moves: { moveMax == 0 ? 0 : min($0, seed.below(moveMax)) })
      let outcome = decode(body + behind, framing, cuts: Array(last), taker)
      let expected = Outcome(
        payload: payload, trailers: trailers, isEnded: framing != .untilClose, isWholeAtEnd: true,
        consumed: body.count)
      #expect(outcome == expected, "\(round): \(framing) \(text(body)) cut at \(cuts)")
      if framing == .chunked { #expect(ChunkOracle.decode(body + behind)?.payload == payload) }
      _ = random.next()
    }
  }

  @Test func `random bodies that are cut tell what was there, and are not whole`() {
    var random = JSONTestRandom(for: "BodyBackPressure.cut")
    for _ in 0..<1_000 {
      let (body, framing, payload, _) = randomBody(&random)
      if body.isEmpty || framing == .untilClose { continue }
      let part = Array(body.prefix(random.below(body.count)))
      var seed = random
      let taker = Taker(most: { 1 + seed.below(9) }, moves: { min($0, seed.below(20)) })
      let outcome = decode(part, framing, cuts: Cuts.random(part, &random), taker)
      #expect(!outcome.isEnded && !outcome.isWholeAtEnd)
      #expect(payload.starts(with: outcome.payload))
      if case .length = framing { #expect(outcome.payload == part) }
    }
  }

  /// A body in one of the framings, its payload, and how many trailer fields it has.
  private func randomBody(
    _ random: inout JSONTestRandom
  ) -> (body: [UInt8], Framing, payload: [UInt8], trailers: Int) {
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(random.below(256)) } }
    switch random.below(3) {
    case 0:
      let payload = bytes(1 + random.below(200))
      return (payload, .length(payload.count), payload, 0)
    case 1:
      let payload = bytes(random.below(200))
      return (payload, .untilClose, payload, 0)
    default:
      var (body, payload) = ([UInt8](), [UInt8]())
      for _ in 0..<random.below(6) {
        let chunk = bytes(1 + random.below(80))
        payload += chunk
        body += wire(String(chunk.count, radix: 16) + ["", ";a", " ; a=\"b\""][random.below(3)])
        body += wire("⏎") + chunk + wire("⏎")
      }
      let trailers = random.below(3)
      body += wire("0⏎" + String(repeating: "A: b⏎", count: trailers) + "⏎")
      return (body, .chunked, payload, trailers)
    }
  }

  // MARK: What cannot happen

  @Test func `moving more than a run is a bug`() async {
    await #expect(processExitsWith: .failure) {
      let limits = ChunkLimits(extensionBytes: 0, trailers: usualLimits)
      var decoder = BodyDecoder(.length(5), limits)
      decoder.skip(6)
    }
    await #expect(processExitsWith: .failure) {
      let limits = ChunkLimits(extensionBytes: 0, trailers: usualLimits)
      var decoder = BodyDecoder(.chunked, limits)
      decoder.skip(1)
    }
  }

  @Test func `putting more back than was told of is a bug`() async {
    await #expect(processExitsWith: .failure) {
      let limits = ChunkLimits(extensionBytes: 0, trailers: usualLimits)
      var decoder = BodyDecoder(.length(5), limits)
      let body: [UInt8] = [1, 2]
      var position = 0
      _ = decoder.next(body.span, &position)
      decoder.putBack(3, &position)
    }
    await #expect(processExitsWith: .failure) {
      let limits = ChunkLimits(extensionBytes: 0, trailers: usualLimits)
      var decoder = BodyDecoder(.untilClose, limits)
      let body: [UInt8] = [1, 2, 3, 4]
      var position = 0
      _ = decoder.next(body.span, &position)
      decoder.putBack(1, &position)
      decoder.putBack(1, &position)
    }
  }
}
