import Testing
import Wire

@Suite struct TraceParentTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let span = "b7ad6b7169203331"

  private func parse(_ value: String) -> TraceParent? { TraceParent(Array(value.utf8).span) }

  private func written(_ parent: TraceParent?) -> String? {
    guard let parent else { return nil }
    var out = ByteBuffer()
    parent.append(into: &out)
    return String(decoding: Array(out), as: UTF8.self)
  }

  @Test(arguments: [
    ("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"),
    // Flags that nobody knows are not passed on.
    ("04", "00"), ("fd", "01"), ("ff", "03"),
  ])
  func `what is read is written again, but for flags without a meaning`(
    flags: String, passed: String
  ) {
    let parent = parse("00-\(Self.trace)-\(Self.span)-\(flags)")
    #expect(parent?.traceHigh == 0x0af7_6519_16cd_43dd)
    #expect(parent?.traceLow == 0x8448_eb21_1c80_319c)
    #expect(parent?.span == 0xb7ad_6b71_6920_3331)
    #expect(written(parent) == "00-\(Self.trace)-\(Self.span)-\(passed)")
  }

  @Test(arguments: [
    "01-\(trace)-\(span)-01", "01-\(trace)-\(span)-01-", "cc-\(trace)-\(span)-01-what.the.future",
    "fe-\(trace)-\(span)-01-\u{ff}",
  ])
  func `of a later version the known part is read, and version 00 is written`(value: String) {
    #expect(written(parse(value)) == "00-\(Self.trace)-\(Self.span)-01")
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-0",
    // Version 00 ends with its flags, a later one goes on behind a hyphen.
    "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-x", "00-\(trace)-\(span)-011",
    "01-\(trace)-\(span)-01x", "ff-\(trace)-\(span)-01", "ff-\(trace)-\(span)-01-x",
    // Zero is no id.
    "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
    // Digits are in lower case, and digits.
    "00-0AF7651916CD43DD8448EB211C80319C-\(span)-01", "00-\(trace)-B7AD6B7169203331-01",
    "00-\(trace)-\(span)-0A", "0A-\(trace)-\(span)-01", "0g-\(trace)-\(span)-01",
    "00-0af7651916cd43dd8448eb211c80319.-\(span)-01", "00-\(trace)-b7ad6b716920333 -01",
    "00-\(trace)-\(span)-.1", ".0-\(trace)-\(span)-01",
    // Hyphens stand where they belong.
    "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01",
    "00-0af7651916cd43dd8448eb211c8031-9c-\(span)-01", " 00-\(trace)-\(span)-01",
    "00-\(trace)-\(span)-01,00-\(trace)-\(span)-01",
  ])
  func `anything else is none`(value: String) { #expect(parse(value) == nil) }

  @Test func `an id may begin with zeros, of either half`() {
    for trace in ["00000000000000008448eb211c80319c", "0af7651916cd43dd0000000000000000"] {
      let value = "00-\(trace)-0000000000000001-00"
      #expect(written(parse(value)) == value)
    }
  }
}
