import Testing

@testable import PenstockBench

@Suite struct FlagValueTests {
  @Test func `times have units, and a number alone is seconds`() throws {
    let expected: [(String, Int64)] = [
      ("10s", 10_000_000_000), ("10", 10_000_000_000), ("1m", 60_000_000_000),
      ("1.5m", 90_000_000_000), ("1h", 3_600_000_000_000), ("20ms", 20_000_000),
      ("500us", 500_000),
    ]
    for (text, nanoseconds) in expected {
      #expect(try FlagValue.nanoseconds(text) == nanoseconds, "\(text)")
    }
    for text in ["", "s", "-1s", "1.s", "ten", "1 s", "1e3s", "nan", "99999999999h"] {
      #expect(throws: RunFault.self, "\(text)") { try FlagValue.nanoseconds(text) }
    }
  }

  @Test func `numbers have multipliers of a thousand, sizes of 1024`() throws {
    #expect(try FlagValue.count("5k", of: "-n", max: 5000) == 5000)
    #expect(try FlagValue.count("1.5M", of: "-n", max: 2_000_000) == 1_500_000)
    #expect(try FlagValue.bytes("64k", max: 1 << 20) == 65536)
    #expect(try FlagValue.bytes("0", max: 1) == 0)
    for text in ["0", "1.5", "-3", "x", "", "k", "101k"] {
      #expect(throws: RunFault.self, "\(text)") {
        try FlagValue.count(text, of: "-c", max: 1000)
      }
    }
    #expect(throws: RunFault.self) { try FlagValue.bytes("2M", max: 1 << 20) }
  }

  @Test func `a value of another flag's shape names that flag`() {
    expectFault(naming: "-n 5k") { _ = try FlagValue.nanoseconds("5k") }
    expectFault(naming: "-d 10s") { _ = try FlagValue.count("10s", of: "-n", max: 1000) }
    expectFault(naming: "--timeout 5s") { _ = try FlagValue.count("5s", of: "-t", max: 1000) }
    expectFault(naming: "1M") { _ = try FlagValue.count("1m", of: "-c", max: 1000) }
    expectFault(naming: "-d 10s") { _ = try RateSchedule(parsing: "10s") }
    expectFault(naming: "-H 'A: b'") { _ = try FlagValue.method("A: b") }
    expectFault(naming: "-d") { _ = try FlagValue.method("10s") }
    expectFault(naming: "-m POST") { _ = try FlagValue.field("POST") }
  }

  private func expectFault(naming flag: String, _ body: () throws -> Void) {
    let fault = #expect(throws: RunFault.self) { try body() }
    #expect(fault?.description.contains(flag) == true, "\(fault as Any)")
  }

  @Test func `fields are taken apart at their first colon`() throws {
    #expect(try FlagValue.field("A-b:  c: d") == RequestField(name: "A-b", value: "c: d"))
    for text in ["A b: c", ": c", "A: b\r\nC: d", "A: \u{7f}"] {
      #expect(throws: RunFault.self, "\(text)") { try FlagValue.field(text) }
    }
  }

  @Test func `weights stand in front`() throws {
    #expect(try FlagValue.weighted("3=http://h/?a=1") == Weighted(weight: 3, text: "http://h/?a=1"))
    #expect(try FlagValue.weighted("http://h/?3=1") == Weighted(weight: 1, text: "http://h/?3=1"))
    #expect(throws: RunFault.self) { try FlagValue.weighted("0=http://h/") }
  }

  @Test func `what proves who one is does not stand in a report's command`() {
    let shown = CommandText.masked([
      "bench", "run", "--api-key", "geheim", "-H", "Authorization: Bearer geheim", "-H",
      "X-Token:geheim", "--header=cookie: geheim", "--api-key=geheim", "-H", "Accept: text/plain",
      "-HX: geheim", "-H=Authorization: geheim", "-H", "geheim", "-b", "geheim", "-bgeheim",
      "--body={geheim}", "http://h/p?key=geheim&b=geheim&geheim", "--endpoint=/x?y=geheim",
      "-b", "@file",
    ])
    #expect(!shown.contains("geheim"))
    #expect(shown.contains("'Accept: text/plain'") && shown.contains("-b @file"))
    #expect(shown.contains("'http://h/p?key=***&b=***&***'"))
  }

  @Test func `what an answer repeats of a secret is masked, cut or whole`() {
    var mask = SecretMask()
    mask.add("Bearer geheim-123")
    mask.add("?key=wort4&x=1")
    #expect(mask.masked("no key wort4, token geheim-123!") == "no key ***, token ***!")
    #expect(mask.masked("token geheim-1") == "token ***")
    #expect(mask.masked("x=1 is no secret") == "x=1 is no secret")
  }
}
