import Body
import Testing
import Wire

@Suite struct JSONStageTests {
  @Test func `a whole text passes unchanged, however it comes`() {
    var random = TestRandom(for: "JSON stage")
    for round in 0..<40 {
      let sample = Array("[".utf8) + Sample.text.bytes(random.below(60_000), &random)
      guard let end = sample.lastIndex(of: UInt8(ascii: "}")) else { continue }
      let text = Array(sample[...end]) + Array("]".utf8)
      var feed = round == 0 ? Feed(pieces: [1], rooms: [1]) : Feed.random(&random)
      feed.flushes = random.below(2) == 0
      let isSame = feed.run(JSONStage(depthMax: 2), text) == Outcome(bytes: text)
      #expect(isSame, "\(text.count) \(feed)")
    }
  }

  @Test func `no more than the room is taken`() {
    let text = Array("[1, 2, 3]".utf8)
    let stage = JSONStage(depthMax: 1)
    var position = 0
    for (room, reached) in [(0, 0), (-3, 0), (4, 4), (2, 6), (100, 9)] {
      var out = ByteBuffer()
      let before = position
      let progress = stage.process(text.span, &position, into: &out, room: room)
      #expect(position == reached && out.count == reached - before)
      #expect(progress == (reached < text.count ? .full : .needsInput))
    }
  }

  @Test(arguments: [
    "[1,]", "[1]]", "{\"a\":nul}", "\u{feff}[]", "[[[]]]", "[\"\u{1}\"]", "1 2",
  ])
  func `no byte behind a fault gets through`(_ text: String) throws {
    let bytes = Array(text.utf8)
    for size in 1...bytes.count {
      let stage = JSONStage(depthMax: 2)
      let feed = Feed(pieces: [size])
      let outcome = feed.run(stage, bytes)
      #expect(outcome.fault == .brokenJSON)
      // What did pass can still become a text: only the rest cannot.
      var validator = JSONValidator(depthMax: 2)
      let isGood = validator.process(outcome.bytes.span)
      #expect(isGood && bytes.starts(with: outcome.bytes))
      #expect(feed.end(stage).fault == .brokenJSON)
      #expect(feed.part(stage, Array(" ".utf8)) == Outcome(fault: .brokenJSON))
    }
  }

  @Test(arguments: ["", " ", "[1, 2", "\"a", "-", "tru", "{\"a\":1"])
  func `an end before the text's is a fault`(_ text: String) {
    let bytes = Array(text.utf8)
    let outcome = Feed(pieces: [1]).run(JSONStage(depthMax: 2), bytes)
    #expect(outcome == Outcome(bytes: bytes, fault: .brokenJSON))
  }

  @Test func `a number ends with the body`() {
    let bytes = Array("-12.5e3".utf8)
    #expect(Feed(pieces: [3]).run(JSONStage(depthMax: 1), bytes) == Outcome(bytes: bytes))
  }
}
