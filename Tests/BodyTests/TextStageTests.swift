import Body
import Testing
import Wire

@Suite struct TextStageTests {
  /// What one escape may have beyond the room.
  private static let slack = 5

  private func written(_ text: [UInt8], _ charset: TextEscaper.Charset) -> [UInt8] {
    var out = ByteBuffer()
    switch charset {
    case .utf8: JSONWriter.append(content: text.span, into: &out)
    case .latin1: JSONWriter.append(singleBytes: text.span, isWindows1252: false, into: &out)
    case .windows1252: JSONWriter.append(singleBytes: text.span, isWindows1252: true, into: &out)
    }
    return out.withUnsafeBytes { Array($0) }
  }

  @Test(arguments: TextEscaper.Charset.allCases)
  func `a text is escaped alike, however it comes and through every room`(
    _ charset: TextEscaper.Charset
  ) {
    var random = TestRandom(for: "text stage")
    for round in 0..<60 {
      let sample = Sample.allCases[round % 4]
      var text = sample.bytes(random.below(round == 0 ? 100_000 : 5000), &random)
      if charset == .utf8 { text = Array(String(decoding: text, as: UTF8.self).utf8) }
      var feed = Feed.random(&random, slack: Self.slack)
      if round < 4 { feed = Feed(pieces: [1 + round], rooms: [1], slack: Self.slack) }
      feed.flushes = random.below(2) == 0
      let isSame =
        feed.run(TextStage(charset), text) == Outcome(bytes: written(text, charset))
      #expect(isSame, "\(sample) \(text.count) \(feed)")
    }
  }

  @Test func `controls expand six times, and into no more than the room`() {
    let text = [UInt8](repeating: 1, count: 20_000)
    let outcome = Feed(rooms: [100, 6, 1, 7000], slack: Self.slack).run(TextStage(.utf8), text)
    #expect(outcome.fault == nil && outcome.bytes.count == 120_000)
  }

  @Test func `an invalid byte is a fault, and nothing comes behind it`() {
    let text = Array("good \"é\" ".utf8) + [0xff] + Array("bad".utf8)
    for size in 1...text.count {
      let stage = TextStage(.utf8)
      let outcome = Feed(pieces: [size], rooms: [3, 1], slack: Self.slack).run(stage, text)
      #expect(outcome.fault == .brokenText)
      #expect(Array("good \\\"é\\\" ".utf8).starts(with: outcome.bytes))
      #expect(Feed().end(stage).fault == .brokenText)
      #expect(Feed().part(stage, Array("a".utf8)) == Outcome(fault: .brokenText))
    }
  }

  @Test func `an end within a character is a fault`() {
    let text = Array("😀".utf8)
    for count in 1..<4 {
      let outcome = Feed(pieces: [1]).run(TextStage(.utf8), Array(text[..<count]))
      #expect(outcome == Outcome(bytes: Array(text[..<count]), fault: .brokenText))
    }
    #expect(Feed().run(TextStage(.latin1), [0xe2]) == Outcome(bytes: [0xc3, 0xa2]))
    #expect(Feed().run(TextStage(.utf8), []) == Outcome())
  }
}
