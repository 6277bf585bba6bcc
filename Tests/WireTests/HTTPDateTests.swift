import Testing
import Wire

@Suite struct HTTPDateTests {
  private func read(_ text: String) -> Int? { HTTPDate.unixSeconds(Array(text.utf8).span) }

  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994", "sun, 6 nov 1994 08:49:37", "06-Nov-1994 08:49:37 GMT",
  ])
  func `all forms of a date say the same`(text: String) { #expect(read(text) == 784_111_777) }

  @Test(arguments: [
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
    ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600), ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
    ("Fri, 31 Dec 2100 23:59:59 GMT", 4_133_980_799),
    ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
    ("Sunday, 06-Nov-37 08:49:37 GMT", 2_141_110_177),
    ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
  ])
  func `a date is counted from 1970, leap days and all`(text: String, seconds: Int) {
    #expect(read(text) == seconds)
  }

  @Test(arguments: [
    "", "120", "GMT", "Sun, 06 Nov 1994", "06 Nov 08:49:37", "Nov 1994 08:49:37",
    "Sun, 06 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:00:61 GMT", "Sun, 00 Nov 1994 08:49:37",
    "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1600 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37",
    "Sun, 06 Nov 19940 08:49:37 GMT", "Sun, 06 Nov 1994 08-49-37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT                      ",
  ])
  func `anything else is no date`(text: String) { #expect(read(text) == nil) }

  @Test func `no bytes are a trap`() {
    let date = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)
    for index in date.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = date
        changed[index] = byte
        _ = HTTPDate.unixSeconds(changed.span)
      }
      _ = HTTPDate.unixSeconds(date.span.extracting(0..<index))
      _ = HTTPDate.unixSeconds(date.span.extracting(index..<date.count))
    }
  }
}
