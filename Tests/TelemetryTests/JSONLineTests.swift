import Foundation
import Testing
import Wire

@testable import Telemetry

@Suite struct JSONLineTests {
  /// What a string member holds in the line, without its quotes, and whether it was cut.
  private func member(_ value: [UInt8], bytesMax: Int = 1024) -> (text: String, isCut: Bool) {
    var out = ByteBuffer()
    let isCut = JSONLine.string("v", value.span, bytesMax: bytesMax, into: &out)
    let whole = text(of: out)
    #expect(whole.hasPrefix(#","v":""#) && whole.hasSuffix("\""))
    return (String(whole.dropFirst(6).dropLast()), isCut)
  }

  private func member(_ value: String, bytesMax: Int = 1024) -> (text: String, isCut: Bool) {
    member(Array(value.utf8), bytesMax: bytesMax)
  }

  @Test func `a line is one JSON object with the members in order`() {
    var out = ByteBuffer()
    var formatter = TimestampFormatter()
    JSONLine.begin(unixNanoseconds: 1_500_000_000, &formatter, into: &out)
    JSONLine.literal("event", "request", into: &out)
    JSONLine.string("path", "/a", bytesMax: 1024, into: &out)
    JSONLine.integer("status", 200, into: &out)
    JSONLine.integer("offset", -3, into: &out)
    JSONLine.boolean("reused", true, into: &out)
    JSONLine.milliseconds("duration_ms", nanoseconds: 1_234_567, into: &out)
    JSONLine.end(into: &out)
    #expect(
      text(of: out) == #"{"time":"1970-01-01T00:00:01.500000Z","event":"request","path":"/a","#
        + #""status":200,"offset":-3,"reused":true,"duration_ms":1.235}"#)
  }

  @Test(arguments: [
    (0, "0.000"), (499, "0.000"), (500, "0.001"), (1_000_000, "1.000"), (-5, "0.000"),
    (60_000_000_000, "60000.000"), (10_049_999, "10.050"), (999_999_999, "1000.000"),
  ])
  func `milliseconds have three decimals`(nanoseconds: Int64, wanted: String) {
    var out = ByteBuffer()
    JSONLine.milliseconds("d", nanoseconds: nanoseconds, into: &out)
    #expect(text(of: out) == #","d":\#(wanted)"#)
  }

  @Test func `plain text is written as it is`() {
    #expect(member("/v1/items?id&x=%20 ~").text == "/v1/items?id&x=%20 ~")
    #expect(member("").text == "")
    #expect(member("é ☃ 😀").text == "é ☃ 😀")
  }

  @Test func `a forged line stays inside its string`() {
    #expect(
      member("x\n{\"level\":\"fatal\"}\\").text
        == #"x\u000a{\"level\":\"fatal\"}\\"#)
  }

  @Test(arguments: [
    ("\u{0}", #"\u0000"#), ("\u{1b}[31m", #"\u001b[31m"#), ("\u{7f}", #"\u007f"#),
    ("\u{85}", #"\u0085"#), ("\u{9b}", #"\u009b"#), ("\u{a0}", "\u{a0}"),
    ("\u{2028}\u{2029}", #"\u2028\u2029"#), ("\u{202e}", #"\u202e"#), ("\u{2066}", #"\u2066"#),
    ("\u{200f}", #"\u200f"#), ("\u{61c}", #"\u061c"#), ("\u{feff}", #"\ufeff"#),
  ])
  func `what moves a terminal's cursor or reorders its text is escaped`(
    value: String, wanted: String
  ) {
    #expect(member(value).text == wanted)
  }

  @Test(
    arguments: [
      [0xff], [0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82],
      [0xf0, 0x9f, 0x98],
    ] as [[UInt8]])
  func `bytes that are not UTF-8 become U+FFFD`(value: [UInt8]) {
    let text = member([0x61] + value + [0x62]).text
    #expect(text.hasPrefix("a\u{fffd}") && text.hasSuffix("b"))
    #expect(text.dropFirst().dropLast().unicodeScalars.allSatisfy { $0 == "\u{fffd}" })
  }

  @Test func `a text is cut on a character's border and says so`() {
    #expect(member("abcdef", bytesMax: 6) == ("abcdef", false))
    #expect(member("abcdef", bytesMax: 5) == ("abcde", true))
    #expect(member("abé", bytesMax: 4) == ("abé", false))
    #expect(member("abé", bytesMax: 3) == ("ab", true))
    #expect(member("a😀", bytesMax: 4) == ("a", true))
    #expect(member("a\n", bytesMax: 6) == ("a", true))
    #expect(member("a\n", bytesMax: 7) == (#"a\u000a"#, false))
    #expect(member("a\"", bytesMax: 2) == ("a", true))
    #expect(member("a", bytesMax: 0) == ("", true))
    #expect(member("", bytesMax: 0) == ("", false))
  }

  @Test func `a megabyte of control characters takes no more than its bound`() {
    let (text, isCut) = member([UInt8](repeating: 1, count: 1 << 20))
    #expect(isCut)
    #expect(text.utf8.count <= 1024)
  }

  @Test func `random bytes make a valid line that says what they said`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var state = seed
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    for _ in 0..<2000 {
      // Half of the bytes are likely parts of long characters, escapes or forbidden ones.
      let likely: [UInt8] = [
        0x22, 0x5c, 0x0a, 0xc2, 0x80, 0xe2, 0x80, 0xa8, 0xf0, 0x9f, 0x98, 0x80,
      ]
      let bytes = (0..<Int(next() % 40)).map { _ in
        next() % 2 == 0 ? UInt8(next() % 256) : likely[Int(next() % 12)]
      }
      let bytesMax = Int(next() % 100)
      var out = ByteBuffer()
      out.append("{\"a\":0")
      let isCut = JSONLine.string("v", bytes.span, bytesMax: bytesMax, into: &out)
      JSONLine.end(into: &out)
      let line = text(of: out)
      #expect(line.utf8.count <= "{\"a\":0,\"v\":\"\"}".utf8.count + bytesMax)
      #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let value = try #require(object?["v"] as? String)
      if !isCut, let valid = String(validating: bytes, as: UTF8.self) {
        #expect(Array(value.unicodeScalars) == Array(valid.unicodeScalars))
      }
    }
  }
}
