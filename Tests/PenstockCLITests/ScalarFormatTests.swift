import Testing

@testable import PenstockCLI

@Suite struct ScalarFormatTests {
  @Test(arguments: [
    ("0", 0), ("17", 17), ("64KiB", 65_536), ("1MiB", 1 << 20), ("10GiB", 10 << 30),
  ])
  func `a size is a count with a binary unit or none`(text: String, bytes: Int) {
    #expect(ScalarFormat.bytes(text) == bytes)
  }

  @Test(arguments: [
    "", "KiB", "-1", "+1", "1.5MiB", "64MB", "64 MiB", "64mib", "0x10", "1e3", "9999999999GiB",
    "٣KiB",
  ])
  func `what has another form is no size`(text: String) {
    #expect(ScalarFormat.bytes(text) == nil)
  }

  @Test(arguments: [
    ("0", 0), ("0s", 0), ("5s", 5000), ("250ms", 250), ("10m", 600_000), ("1h", 3_600_000),
    ("2000us", 2), ("1us", 1), ("0us", 0),
  ])
  func `a duration is a count with its unit, and microseconds round up`(text: String, value: Int) {
    #expect(ScalarFormat.milliseconds(text) == value)
  }

  @Test(arguments: ["", "5", "s", "1.5s", "-1s", "5 s", "5S", "1d", "99999999999999999h"])
  func `what has another form is no duration`(text: String) {
    #expect(ScalarFormat.milliseconds(text) == nil)
  }

  @Test func `messages show the largest unit that fits`() {
    #expect(ScalarFormat.text(bytes: 1 << 20) == "1MiB")
    #expect(ScalarFormat.text(bytes: 1000) == "1000")
    #expect(ScalarFormat.text(milliseconds: 90_000) == "90s")
    #expect(ScalarFormat.text(milliseconds: 0) == "0s")
  }
}
