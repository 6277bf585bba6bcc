import Testing
import Wire

@Suite struct TextEscaperTests {
  /// What comes of a text in pieces, through rooms that `random` draws; nil where it is refused.
  private func escaped(
    _ text: [UInt8], _ charset: TextEscaper.Charset, _ cuts: [Int], roomMax: Int,
    _ random: inout JSONTestRandom
  ) -> [UInt8]? {
    var escaper = TextEscaper(charset)
    var all: [UInt8] = []
    var start = 0
    for cut in cuts {
      let piece = text.span.extracting(start..<cut)
      var position = 0
      while position < piece.count {
        var out = ByteBuffer()
        out.append(0x2e)
        let room = 1 + random.below(roomMax)
        let before = position
        guard escaper.process(piece, &position, into: &out, room: room) else {
          let isRefusedAgain = !escaper.process(piece, &position, into: &out, room: room)
          #expect(isRefusedAgain && out.count == 1 && position == before && !escaper.isWhole)
          return nil
        }
        let isAsFar = position == piece.count || out.count >= 1 + room
        if position == before || !isAsFar || out.count > 1 + room + 5 {
          Issue.record("\(out.count - 1) bytes in a room of \(room), \(position) taken")
        }
        out.withUnsafeBytes { all += $0.dropFirst() }
      }
      start = cut
    }
    return escaper.isWhole ? all : nil
  }

  private func written(_ text: [UInt8], _ charset: TextEscaper.Charset) -> [UInt8]? {
    var out = ByteBuffer()
    switch charset {
    case .utf8:
      if !UTF8Validation.isValid(text.span) { return nil }
      JSONWriter.append(content: text.span, into: &out)
    case .latin1: JSONWriter.append(singleBytes: text.span, isWindows1252: false, into: &out)
    case .windows1252: JSONWriter.append(singleBytes: text.span, isWindows1252: true, into: &out)
    }
    return out.withUnsafeBytes { Array($0) }
  }

  private func agrees(
    _ text: [UInt8], _ charset: TextEscaper.Charset, _ random: inout JSONTestRandom
  ) -> Bool {
    let expected = written(text, charset)
    let cuts = [
      Cuts.whole(text), Cuts.everyByte(text), Cuts.random(text, &random),
      Cuts.random(text, &random),
    ]
    return cuts.allSatisfy { cuts in
      [1, 2, 7, 50, 100_000].allSatisfy {
        escaped(text, charset, cuts, roomMax: $0, &random) == expected
      }
    }
  }

  private func sample(_ charset: TextEscaper.Charset, _ random: inout JSONTestRandom) -> [UInt8] {
    var text: [UInt8] = []
    for _ in 0..<random.below(12) {
      switch random.below(5) {
      case 0: text += (0..<random.below(9)).map { _ in UInt8(random.below(0x20)) }
      case 1: text += "\"\\/\u{7f}".utf8
      case 2 where charset == .utf8: text += "é€😀\u{2028}\u{10ffff}".utf8
      case 2: text += (0..<random.below(9)).map { _ in UInt8(0x80 + random.below(0x80)) }
      default: text += "a run of plain text, longer than a word".utf8.prefix(random.below(40))
      }
    }
    return text
  }

  @Test(arguments: TextEscaper.Charset.allCases)
  func `what comes out is what the writer makes of the whole`(_ charset: TextEscaper.Charset) {
    var random = JSONTestRandom(for: "escaper")
    for _ in 0..<800 {
      let text = sample(charset, &random)
      let isSame = agrees(text, charset, &random)
      #expect(isSame, "\(text)")
    }
  }

  @Test(arguments: TextEscaper.Charset.allCases)
  func `every byte comes out alike, alone and beside others`(_ charset: TextEscaper.Charset) {
    var random = JSONTestRandom(for: "escaper, bytes")
    for byte in 0...UInt8.max {
      for text in [[byte], [byte, byte], [0x61, byte, 0x62], Array("1234567".utf8) + [byte]] {
        let isSame = agrees(text, charset, &random)
        #expect(isSame, "\(text)")
      }
    }
  }

  @Test func `a text that is not UTF-8 is refused, wherever it is cut`() {
    var random = JSONTestRandom(for: "escaper, UTF-8")
    let alphabet: [UInt8] = [0x80, 0xbf, 0xc3, 0xed, 0xf4, 0x22, 0x0a]
    var refusals = 0
    for _ in 0..<800 {
      let text = random.mutated(sample(.utf8, &random), alphabet: alphabet)
      let isSame = agrees(text, .utf8, &random)
      #expect(isSame, "\(text)")
      if !UTF8Validation.isValid(text.span) { refusals += 1 }
    }
    #expect(refusals > 50)
  }

  @Test func `a text may not end within a character`() {
    var escaper = TextEscaper(.utf8)
    var out = ByteBuffer()
    for byte in Array("a😀".utf8) {
      let bytes = [byte]
      var position = 0
      let isGood = escaper.process(bytes.span, &position, into: &out, room: 100)
      #expect(isGood)
      #expect(escaper.isWhole == (byte == 0x61 || out.count == 5))
    }
    #expect(out.withUnsafeBytes { $0.elementsEqual("a😀".utf8) })
  }
}
