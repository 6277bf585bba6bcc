import Body
import Testing
import Wire

/// A buffer that holds the bytes.
func buffer(_ bytes: [UInt8]) -> ByteBuffer {
  var buffer = ByteBuffer()
  buffer.append(bytes)
  return buffer
}

func affixes(_ prefix: String, _ suffix: String) -> AffixStage {
  AffixStage(prefix: buffer(Array(prefix.utf8)), suffix: buffer(Array(suffix.utf8)))
}

@Suite struct AffixStageTests {
  @Test func `a body stands between its affixes, however it comes and through every room`() {
    var random = TestRandom(for: "affix stage")
    for round in 0..<60 {
      let body = Sample.text.bytes(random.below(3000), &random)
      let prefix = Sample.text.bytes(random.below(3) * random.below(400), &random)
      let suffix = Sample.text.bytes(random.below(3) * random.below(400), &random)
      var feed = Feed.random(&random)
      if round < 4 { feed = Feed(pieces: [1 + round], rooms: [1]) }
      feed.flushes = random.below(2) == 0
      let stage = AffixStage(prefix: buffer(prefix), suffix: buffer(suffix))
      let isSame = feed.run(stage, body) == Outcome(bytes: prefix + body + suffix)
      #expect(isSame, "\(prefix.count) \(body.count) \(suffix.count) \(feed)")
    }
  }

  @Test func `an empty body is its affixes, once`() {
    for room in [1, 2, 100] {
      let stage = affixes("{\"a\":", "}")
      let feed = Feed(rooms: [room])
      #expect(feed.end(stage) == Outcome(bytes: Array("{\"a\":}".utf8)))
      #expect(feed.end(stage) == Outcome())
    }
  }

  @Test func `nothing comes before there is a byte or the end`() {
    let stage = affixes("<", ">")
    var out = ByteBuffer()
    var position = 0
    #expect(stage.process(Span(), &position, into: &out, room: 10) == .needsInput)
    #expect(stage.flush(into: &out, room: 10) == .needsInput)
    let isNothing = out.isEmpty
    #expect(isNothing)
    let byte = Array("a".utf8)
    #expect(stage.process(byte.span, &position, into: &out, room: -1) == .full)
    #expect(stage.process(byte.span, &position, into: &out, room: 1) == .full)
    #expect(position == 0 && out.count == 1)
    #expect(stage.process(byte.span, &position, into: &out, room: 1) == .needsInput)
    #expect(stage.finish(into: &out, room: 0) == .full)
    #expect(stage.finish(into: &out, room: 1) == .needsInput)
    #expect(out.withUnsafeBytes { $0.elementsEqual("<a>".utf8) })
  }

  @Test func `without room nothing is taken`() {
    let text = Array("a".utf8)
    let stages: [any BodyStage] = [affixes("", ""), TextStage(.utf8), JSONStage(depthMax: 1)]
    for stage in stages {
      for room in [0, -5] {
        var out = ByteBuffer()
        var position = 0
        #expect(stage.process(text.span, &position, into: &out, room: room) == .full)
        let isNothing = out.isEmpty && position == 0
        #expect(isNothing)
      }
    }
  }
}
