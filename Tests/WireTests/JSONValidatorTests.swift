import Testing
import Wire

@Suite struct JSONValidatorTests {
  /// What a validator says of a text in pieces.
  private enum Verdict: Equatable {
    case whole
    /// Not whole yet, but more may come.
    case incomplete
    case broken
  }

  private func verdict(_ text: [UInt8], _ cuts: [Int], depthMax: Int = 64) -> Verdict {
    var validator = JSONValidator(depthMax: depthMax)
    let more = Array("1".utf8)
    var start = 0
    for cut in cuts {
      guard validator.process(text.span.extracting(start..<cut)) else {
        let isStillBroken =
          !validator.isWhole && !validator.process(Span()) && !validator.process(more.span)
        #expect(isStillBroken)
        return .broken
      }
      start = cut
    }
    return validator.isWhole ? .whole : .incomplete
  }

  private func isValid(_ text: [UInt8], depthMax: Int = 64) -> Bool {
    (try? JSONScanner.validate(text.span, depthMax: depthMax)) != nil
  }

  /// Whether the validator says the same however the text is cut, and what the scanner says.
  private func agrees(_ text: [UInt8], _ random: inout JSONTestRandom, depthMax: Int = 64) -> Bool {
    let whole = verdict(text, Cuts.whole(text), depthMax: depthMax)
    if (whole == .whole) != isValid(text, depthMax: depthMax) { return false }
    if verdict(text, Cuts.everyByte(text), depthMax: depthMax) != whole { return false }
    return (0..<3).allSatisfy { _ in
      verdict(text, Cuts.random(text, &random), depthMax: depthMax) == whole
    }
  }

  static let refused = [
    "\u{feff}{}", "{}x", "{} {}", "[1,]", "[,1]", "{,}", "{\"a\" 1}", "[1 2]", "{1:2}", "[}", "]",
    "}", ",", ":", "1,2", "{\"a\":1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "tru}", "truefalse",
    "01", "-x", "00", "-01", "[1.]", "1.e1", "1e+x", "1ee", "1.1.1", "+1", ".5", "NaN", "0x10",
    "'a'", "\"\u{1}\"", "\"a\nb\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\n\"",
    "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\uDBFF\\ue000\"", "/**/1",
    "\u{b}1", "[1]\0", "\"a\"\"b\"", "é", "[1é]", "\u{a0}1",
  ]

  @Test(arguments: JSONScannerTests.valid)
  func `a text cut anywhere is one all the way, and whole at its end`(_ text: String) {
    let bytes = Array(text.utf8)
    for cuts in Cuts.inTwo(bytes) + [Cuts.everyByte(bytes)] {
      #expect(verdict(bytes, cuts) == .whole)
    }
    for count in 0...bytes.count {
      let cut = Array(bytes[..<count])
      let expected = isValid(cut) ? Verdict.whole : .incomplete
      #expect(verdict(cut, Cuts.everyByte(cut)) == expected, "cut at \(count)")
    }
  }

  @Test(arguments: refused) func `what is not JSON is broken however it comes`(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(!isValid(bytes))
    for cuts in Cuts.inTwo(bytes) + [Cuts.everyByte(bytes)] {
      #expect(verdict(bytes, cuts) == .broken)
    }
  }

  @Test(arguments: ["", "  ", "{", "[1,", "{\"a\":", "\"a", "nul", "-", "1.", "1e+", "\"\\u12"])
  func `what ends early is not whole`(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(verdict(bytes, Cuts.everyByte(bytes)) == .incomplete)
  }

  @Test func `a string is UTF-8 to its last byte`() {
    var random = JSONTestRandom(for: "validator, UTF-8")
    let edges: [UInt8] = [
      0x22, 0x41, 0x5c, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
      0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ]
    for first in edges {
      for second in edges {
        for third in edges {
          let text = [0x22, first, second, third, 0x22]
          let isSame = agrees(text, &random)
          #expect(isSame, "\(text)")
        }
        let text = [0x22, first, second, 0x80, 0x80, 0x22]
        let isSame = agrees(text, &random)
        #expect(isSame, "\(text)")
      }
    }
  }

  @Test func `surrogates come in pairs, the high one first`() {
    var random = JSONTestRandom(for: "validator, surrogates")
    let units = stride(from: 0xcf00, through: 0xe100, by: 0x80)
    for first in units {
      for second in units {
        let isUpper = random.below(2) == 0
        let escapes = [first, second].map { "\\u" + String($0, radix: 16, uppercase: isUpper) }
        let text = Array("\"\(escapes.joined())\"".utf8)
        let isSame = agrees(text, &random)
        #expect(isSame, "\(escapes)")
      }
    }
  }

  @Test func `it says of every text what the scanner says`() {
    var random = JSONTestRandom(for: "validator, mutations")
    let alphabet = Array("{}[]\",:\\u0d8e-+.tfn 1\n".utf8) + [0xc3, 0xa9, 0xed, 0xa0, 0x80]
    for round in 0..<6000 {
      var text = JSONSample.text(round < 5900 ? random.below(12) : 300, &random)
      let isAccepted = agrees(text, &random) && isValid(text)
      #expect(isAccepted, "\(text)")
      text = random.mutated(text, alphabet: alphabet)
      let isSame = agrees(text, &random)
      #expect(isSame, "\(text)")
    }
  }

  @Test func `depth is counted by containers`() {
    var random = JSONTestRandom(for: "validator, depth")
    for depth in [1, 2, 63, 64, 65, 66, 127, 128, 129, 200] {
      for part in [("[", "]", ""), ("{\"a\":", "}", "1")] {
        let text = Array(
          (String(repeating: part.0, count: depth) + part.2
            + String(repeating: part.1, count: depth)).utf8)
        #expect(verdict(text, Cuts.whole(text), depthMax: depth) == .whole)
        #expect(verdict(text, Cuts.whole(text), depthMax: depth - 1) == .broken)
        let isSame =
          agrees(text, &random, depthMax: depth) && agrees(text, &random, depthMax: depth - 1)
        #expect(isSame)
      }
    }
  }

  @Test func `ten thousand levels are as good as one`() {
    let depth = 10_000
    let deep = Array(
      (String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    #expect(verdict(deep, Cuts.whole(deep), depthMax: depth) == .whole)
    #expect(verdict(deep, Cuts.whole(deep), depthMax: depth - 1) == .broken)
    let opening = [UInt8](repeating: 0x5b, count: 1_000_000)
    #expect(verdict(opening, Cuts.whole(opening), depthMax: depth) == .broken)
    #expect(verdict(opening, Cuts.whole(opening), depthMax: .max) == .incomplete)
  }

  @Test func `the kind of every open container is remembered`() {
    var random = JSONTestRandom(for: "validator, containers")
    for _ in 0..<200 {
      var opening = ""
      var closing = ""
      for _ in 0..<(1 + random.below(300)) {
        let isObject = random.below(2) == 0
        opening += isObject ? "{\"k\":" : "["
        closing = (isObject ? "}" : "]") + closing
      }
      let text = Array((opening + "[{\"a\":[]}]").utf8)
      let right = text + closing.utf8
      var wrong = Array(closing)
      let index = random.below(wrong.count)
      wrong[index] = wrong[index] == "]" ? "}" : "]"
      #expect(verdict(right, Cuts.random(right, &random), depthMax: 400) == .whole)
      let broken = text + String(wrong).utf8
      #expect(verdict(broken, Cuts.random(broken, &random), depthMax: 400) == .broken)
    }
  }

  @Test func `a number at the end may go on`() {
    var validator = JSONValidator(depthMax: 1)
    var results: [Bool] = []
    for piece in ["12", "0", ".", "5", "e1", " ", "1"] {
      let bytes = Array(piece.utf8)
      let isGood = validator.process(bytes.span)
      results += [isGood, validator.isWhole]
    }
    #expect(
      results == [
        true, true, true, true, true, false, true, true, true, true, true, true, false, false,
      ])
  }
}
