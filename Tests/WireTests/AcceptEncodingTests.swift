import Testing
import Wire

@Suite struct AcceptEncodingTests {
  private func read(_ lines: [String]) -> AcceptEncoding {
    var accepted = AcceptEncoding()
    for line in lines { accepted.add(wire(line).span) }
    return accepted
  }

  /// What is accepted, a letter each, and what is preferred.
  private func summary(_ lines: [String]) -> (String, AcceptEncoding.Coding?) {
    let accepted = read(lines)
    let letters =
      (accepted.acceptsGzip ? "g" : "") + (accepted.acceptsDeflate ? "d" : "")
      + (accepted.acceptsIdentity ? "i" : "")
    return (letters, accepted.preferred)
  }

  private struct Case: CustomTestStringConvertible, Sendable {
    let lines: [String]
    let accepts: String
    let preferred: AcceptEncoding.Coding?
    var testDescription: String { lines.joined(separator: " ⏎ ") }

    init(_ lines: String..., accepts: String, preferred: AcceptEncoding.Coding?) {
      self.lines = lines
      self.accepts = accepts
      self.preferred = preferred
    }
  }

  private static let cases: [Case] = [
    // Row 291.
    Case("gzip", accepts: "gi", preferred: .gzip),
    Case("gzip;q=0", accepts: "i", preferred: nil),
    Case("*;q=0", accepts: "", preferred: nil),
    Case("identity;q=0", accepts: "", preferred: nil),
    Case("deflate", accepts: "di", preferred: .deflate),
    Case("br", accepts: "i", preferred: nil),
    Case("GZIP", accepts: "gi", preferred: .gzip),
    Case("gzip;q=1.5", accepts: "i", preferred: nil),
    // What browsers and HTTP libraries send.
    Case("gzip, deflate, br, zstd", accepts: "gdi", preferred: .gzip),
    Case("br;q=1.0, gzip;q=0.8, *;q=0.1", accepts: "gdi", preferred: .gzip),
    Case("deflate, gzip;q=1.0, *;q=0.5", accepts: "gdi", preferred: .gzip),
    Case("compress;q=0.5, gzip;q=1.0", accepts: "gi", preferred: .gzip),
    Case("gzip;q=1.0, identity; q=0.5, *;q=0", accepts: "gi", preferred: .gzip),
    // Names.
    Case("", accepts: "i", preferred: nil),
    Case(" , ,\t,", accepts: "i", preferred: nil),
    Case("X-GZip", accepts: "gi", preferred: .gzip),
    Case("gzi, gzipp, x-gzip2, x-deflate, g zip", accepts: "i", preferred: nil),
    Case("*", accepts: "gdi", preferred: .gzip),
    Case("identity", accepts: "i", preferred: nil),
    Case(";q=1", accepts: "i", preferred: nil),
    // Weights against each other.
    Case("gzip;q=0.5, deflate;q=0.501", accepts: "gdi", preferred: .deflate),
    Case("gzip;q=0.5, deflate;q=0.5", accepts: "gdi", preferred: .gzip),
    Case("deflate;q=0.5, gzip;q=0.5", accepts: "gdi", preferred: .gzip),
    Case("gzip, deflate;q=0", accepts: "gi", preferred: .gzip),
    Case("deflate;q=0, *", accepts: "gi", preferred: .gzip),
    Case("gzip, *;q=0", accepts: "g", preferred: .gzip),
    Case("gzip, identity, *;q=0", accepts: "gi", preferred: .gzip),
    Case("gzip;q=0.5, identity", accepts: "gi", preferred: nil),
    Case("gzip;q=0.5, identity;q=0.5", accepts: "gi", preferred: .gzip),
    Case("gzip;q=0.5, deflate;q=0.9, identity;q=0.7", accepts: "gdi", preferred: .deflate),
    Case("gzip;q=0.001", accepts: "gi", preferred: .gzip),
    // Deflate has to be named to be made.
    Case("gzip;q=0, *", accepts: "di", preferred: nil),
    Case("*", "gzip;q=0", accepts: "di", preferred: nil),
    Case("gzip;q=0.5, *", accepts: "gdi", preferred: .gzip),
    Case("deflate, *;q=0.5", accepts: "gdi", preferred: .deflate),
    Case("identity;q=0, *;q=0.5", accepts: "gd", preferred: .gzip),
    // The same name twice: the lower weight, wherever it stands.
    Case("gzip, gzip;q=0", accepts: "i", preferred: nil),
    Case("gzip;q=0, x-gzip", accepts: "i", preferred: nil),
    Case("gzip, gzip;q=7", accepts: "i", preferred: nil),
    // Several lines are one list.
    Case("br", "gzip;q=0.5", accepts: "gi", preferred: .gzip),
    Case("gzip", "identity;q=0", "deflate", accepts: "gd", preferred: .gzip),
    Case("", "gzip", accepts: "gi", preferred: .gzip),
    // A weight that is none refuses a coding, but neither identity nor what `*` stands for.
    Case("gzip;q=abc, deflate", accepts: "di", preferred: .deflate),
    Case("identity;q=abc", accepts: "i", preferred: nil),
    Case("*;q=abc", accepts: "i", preferred: nil),
    Case("gzip, *;q=-1", accepts: "gi", preferred: .gzip),
  ]

  @Test(arguments: cases)
  private func `codings are negotiated by weight`(of example: Case) {
    let (accepts, preferred) = summary(example.lines)
    #expect(accepts == example.accepts)
    #expect(preferred == example.preferred)
  }

  @Test func `without a field there is only identity`() {
    #expect(summary([]) == ("i", nil))
  }

  @Test(arguments: [
    "gzip;q=1", "gzip;q=1.", "gzip;q=1.0", "gzip;q=1.000", "gzip;q=0.1", "gzip;q=0.12",
    "gzip;q=0.123", "gzip;Q=1", "gzip ; q=1", "gzip\t;\t q=0.5 ", "gzip; q=0.9",
  ])
  func `a weight has up to three digits behind the point`(value: String) {
    #expect(summary([value]) == ("gi", .gzip))
  }

  @Test(arguments: ["gzip;q=0", "gzip;q=0.", "gzip;q=0.0", "gzip;q=0.000"])
  func `zero in any form refuses`(value: String) {
    #expect(summary([value]) == ("i", nil))
  }

  @Test(arguments: [
    "gzip;q=1.5", "gzip;q=1.001", "gzip;q=2", "gzip;q=abc", "gzip;q=0.1234", "gzip;q=-1",
    "gzip;q=+1", "gzip;q=", "gzip;q", "gzip;", "gzip;;q=1", "gzip;q =1", "gzip;q= 1", "gzip;q=.5",
    "gzip;q=01", "gzip;q=1,0.5;q=1", "gzip;q=1;q=1", "gzip;q=1;x=y", "gzip;x=y", "gzip;q=\"1\"",
    "gzip;q=0.5.", "gzip;q=0x1", "gzip;r=1", "gzip;q=1e0", "gzip;q=0,5", "gzip;q=1\u{a0}",
  ])
  func `a weight that is none refuses its coding`(value: String) {
    // "1" before a comma is a whole weight, and what follows another element.
    let isCut = value.hasPrefix("gzip;q=1,")
    #expect(summary([value]) == (isCut ? "gi" : "i", isCut ? .gzip : nil))
  }

  @Test(arguments: ["a,", "gzip;q=0.5,", ",", "gzip;q=0.5;", " ", "*;q=0.1 ,"])
  func `a long list takes time by its length`(element: String) {
    let text = String(repeating: element, count: 8192 / element.utf8.count)
    #expect(read([text]) == read([text, element]))
    // Were it the square, this would take minutes.
    let long = String(repeating: element, count: 300_000 / element.utf8.count)
    let start = ContinuousClock.now
    #expect(read([long]) == read([long, element]))
    #expect(ContinuousClock.now - start < .seconds(5))
  }
}
