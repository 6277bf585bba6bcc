import Testing
import Wire

@Suite struct EntityTagTests {
  private func isWellFormed(_ tag: String) -> Bool { EntityTag.isWellFormed(wire(tag).span) }

  private func weakened(_ tag: String) -> String {
    var out = ByteBuffer()
    out.appendWeakened(wire(tag).span)
    return out.withUnsafeBytes { text(Array($0)) }
  }

  @Test(arguments: ["\"abc\"", "\"\"", "\"!#~\"", "\"a/b,c;\\\"", "\"\u{80}\u{ff}\""])
  func `a strong tag becomes weak, and stays so`(tag: String) {
    #expect(isWellFormed(tag))
    #expect(isWellFormed("W/" + tag))
    #expect(weakened(tag) == "W/" + tag)
    #expect(weakened("W/" + tag) == "W/" + tag)
  }

  @Test(arguments: [
    "", "abc", "\"", "\"abc", "abc\"", "W/", "W/\"", "W/abc", "w/\"abc\"", "W \"abc\"", "W/ \"a\"",
    "W/W/\"a\"", "\"a\"b\"", "\"a b\"", "\"a\tb\"", "\"a\u{7f}\"", "\"a\", \"b\"", "'abc'", "*",
    "\"a\" ", "W",
  ])
  func `what is not quoted, or holds a quote or a space, is no tag`(tag: String) {
    #expect(!isWellFormed(tag))
  }
}
