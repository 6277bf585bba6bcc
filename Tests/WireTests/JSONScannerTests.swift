import Testing
import Wire

@Suite struct JSONScannerTests {
  private func fault(_ text: String, depthMax: Int = 64) -> JSONFault? {
    fault(Array(text.utf8), depthMax: depthMax)
  }

  private func fault(_ text: [UInt8], depthMax: Int = 64) -> JSONFault? {
    do {
      _ = try JSONScanner.validate(text.span, depthMax: depthMax)
      return nil
    } catch {
      return error
    }
  }

  private func means(_ slice: JSONSlice, _ literal: StaticString, _ text: [UInt8]) -> Bool {
    slice.equals(literal, in: text.span)
  }

  static let valid = [
    "null", "true", "false", "0", "-0", "-1.5e+10", "1E400", "12345678901234567890", "1.10",
    "\"\"", "\"a\"", "[]", "{}", " [ 1 , 2 ] ", "{\"a\":{\"b\":[{},[],\"\"]},\"c\":null}\r\n\t ",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", "\"é€😀\u{2028}</script>\u{7f}\"",
    "\"0123456789abcdef0123456789abcdef\\n0123456789abcdef€\"", "{\"a\":1,\"a\":2}",
  ]

  @Test(arguments: valid) func acceptsWhatTheGrammarHas(text: String) {
    #expect(fault(text) == nil)
    #expect(JSONOracle.accepts(Array(text.utf8)))
  }

  @Test(arguments: valid) func saysOfEveryCutTextWhatTheGrammarSays(text: String) {
    let bytes = Array(text.utf8)
    for count in 0...bytes.count {
      let cut = Array(bytes[..<count])
      #expect((fault(cut) == nil) == JSONOracle.accepts(cut), "\(text) cut at \(count)")
    }
  }

  @Test(arguments: [
    ("", JSONFault.Deed.truncated, 0), ("  ", .truncated, 2), ("{\"a\":", .truncated, 5),
    ("\u{feff}{}", .byteOrderMark, 0), ("{}x", .trailingBytes, 2), ("{} {}", .trailingBytes, 3),
    ("[1,]", .unexpectedByte, 3), ("{,}", .unexpectedByte, 1), ("{\"a\" 1}", .unexpectedByte, 5),
    ("[1 2]", .unexpectedByte, 3), ("{1:2}", .unexpectedByte, 1), ("nul", .truncated, 3),
    ("[}", .unexpectedByte, 1), ("{\"a\":1]", .unexpectedByte, 6), ("tru}", .unexpectedByte, 3),
    ("01", .malformedNumber, 0), ("-", .truncated, 1), ("-x", .malformedNumber, 0),
    ("1.", .truncated, 2), ("[1.]", .malformedNumber, 1), ("1e+", .truncated, 3),
    ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0),
    ("0x10", .trailingBytes, 1), ("'a'", .unexpectedByte, 0), ("\"a", .truncated, 2),
    ("\"\u{1}\"", .controlCharacter, 1), ("\"a\nb\"", .controlCharacter, 2),
    ("\"\\x\"", .malformedEscape, 1), ("\"\\u12g4\"", .malformedEscape, 1),
    ("\"\\u12", .truncated, 5), ("\"\\ud800\"", .loneSurrogate, 1),
    ("\"\\ud800\\n\"", .loneSurrogate, 1), ("\"\\ud800\\u0041\"", .loneSurrogate, 1),
    ("\"\\udc00\"", .loneSurrogate, 1), ("\"\\ud800\\ud800\"", .loneSurrogate, 1),
    ("/**/1", .unexpectedByte, 0), ("\u{b}1", .unexpectedByte, 0), ("[1]\0", .trailingBytes, 3),
  ])
  func namesTheDeedAndThePlace(text: String, deed: JSONFault.Deed, offset: Int) {
    #expect(fault(text) == JSONFault(deed, at: offset))
    #expect(!JSONOracle.accepts(Array(text.utf8)))
  }

  @Test(
    arguments: [
      [0xff], [0x80], [0xc3], [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
  func refusesAStringThatIsNotUTF8(sequence: [UInt8]) {
    #expect(fault([0x22] + sequence + [0x22]) == JSONFault(.notUTF8, at: 1))
  }

  @Test func countsDepthByContainers() {
    for depth in [1, 2, 63, 64, 65, 66, 127, 128, 129, 200] {
      let arrays = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      #expect(fault(arrays, depthMax: depth) == nil)
      #expect(fault(arrays, depthMax: depth - 1) == JSONFault(.tooDeep, at: depth - 1))
      let mixed =
        String(repeating: "[{\"a\":", count: depth) + "1" + String(repeating: "}]", count: depth)
      #expect(fault(mixed, depthMax: 2 * depth) == nil)
      #expect(fault(mixed, depthMax: 2 * depth - 1)?.deed == .tooDeep)
    }
  }

  @Test func remembersTheKindOfEveryOpenContainer() {
    var random = JSONTestRandom(for: "remembersTheKindOfEveryOpenContainer")
    for _ in 0..<200 {
      var opening = ""
      var closing = ""
      for _ in 0..<(1 + random.below(300)) {
        let isObject = random.below(2) == 0
        opening += isObject ? "{\"k\":" : "["
        closing = (isObject ? "}" : "]") + closing
      }
      let sibling = random.below(2) == 0 ? "0" : "[{\"a\":[]}]"
      #expect(fault(opening + sibling + closing, depthMax: 400) == nil)
      var wrong = Array(closing)
      let index = random.below(wrong.count)
      wrong[index] = wrong[index] == "]" ? "}" : "]"
      #expect(fault(opening + sibling + String(wrong), depthMax: 400)?.deed == .unexpectedByte)
    }
  }

  @Test func bearsDeepAndWideTextsWithoutACallPerLevel() {
    #expect(fault(String(repeating: "[", count: 100_000))?.deed == .tooDeep)
    #expect(fault(String(repeating: "{\"a\":", count: 100_000))?.deed == .tooDeep)
    #expect(fault(String(repeating: "[", count: 100_000), depthMax: .max)?.deed == .truncated)
    let keys = (0..<1_000_000).map { "\"\($0)\":0" }.joined(separator: ",")
    #expect(fault("{" + keys + "}") == nil)
    #expect(fault(String(repeating: "9", count: 300)) == nil)
  }

  @Test func agreesWithTheOracleOnMutations() {
    var random = JSONTestRandom(for: "agreesWithTheOracleOnMutations")
    let alphabet = Array("{}[]\",:\\u0d8e-+.tfn 1\n".utf8) + [0xc3, 0xa9, 0xed, 0xa0, 0x80]
    for _ in 0..<20_000 {
      let seed = Array(Self.valid[random.below(Self.valid.count)].utf8)
      let text = random.mutated(seed, alphabet: alphabet)
      #expect((fault(text) == nil) == JSONOracle.accepts(text), "\(text)")
    }
  }

  @Test func pullsMembersAndElementsAsSlices() throws {
    let text = Array(" {\"a\" : [1, \"x\" , {}], \"b\\u0063\":null} ".utf8)
    var scanner = JSONScanner()
    #expect(try !scanner.enterArray(text.span))
    #expect(try scanner.enterObject(text.span))
    let first = try #require(try scanner.nextMember(text.span))
    #expect(means(first.key, "a", text))
    #expect(!means(first.key, "b", text) && !means(first.key, "", text))
    #expect(text[first.value.start..<first.value.end].elementsEqual("[1, \"x\" , {}]".utf8))
    let second = try #require(try scanner.nextMember(text.span))
    #expect(second.key.isEscaped && means(second.key, "bc", text))
    #expect(!means(second.key, "b", text) && !means(second.key, "bcd", text))
    #expect(second.value.kind == .null && !means(second.value, "null", text))
    #expect(try scanner.nextMember(text.span) == nil)
    try scanner.finish(text.span)

    var inner = JSONScanner(within: first.value)
    #expect(try inner.enterArray(text.span))
    var kinds: [JSONSlice.Kind] = []
    while let element = try inner.nextElement(text.span) { kinds.append(element.kind) }
    #expect(kinds == [.number, .string, .object])
    #expect(inner.position == first.value.end)
  }

  @Test func pullsAcrossEnteredContainers() throws {
    let text = Array("[[{\"a\":1}],{},2]".utf8)
    var scanner = JSONScanner()
    #expect(try scanner.enterArray(text.span))
    #expect(try scanner.enterArray(text.span))
    #expect(try scanner.nextElement(text.span)?.kind == .object)
    #expect(try scanner.nextElement(text.span) == nil)
    #expect(try scanner.nextElement(text.span)?.kind == .object)
    #expect(try scanner.nextElement(text.span)?.kind == .number)
    #expect(try scanner.nextElement(text.span) == nil)
    try scanner.finish(text.span)
  }
}
