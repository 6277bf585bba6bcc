import Testing
import Wire

@Suite struct QuotaTests {
  private static let now = 1_700_000_000

  private func read(_ fields: [String]) throws -> Quota {
    let bytes = Array((["HTTP/1.1 200 OK"] + fields + ["", ""]).joined(separator: "\r\n").utf8)
    var head = ResponseHead()
    let limits = HeadLimits(
      targetBytes: 0, fieldBytes: 100_000, fields: 256, fieldNameBytes: 256,
      fieldValueBytes: 100_000)
    try #require(head.parse(bytes.span, limits) == .complete)
    return Quota(head.fields, bytes.span, nowUnixSeconds: Self.now)
  }

  private static func quota(_ limit: Int?, _ remaining: Int?, in seconds: Int? = nil) -> Quota {
    Quota(limit: limit, remaining: remaining, resetUnixSeconds: seconds.map { now + $0 })
  }

  // MARK: Three fields

  @Test(arguments: ["X-RateLimit-", "x-rate-limit-", "X-Rate-Limit-", "RateLimit-", "RATELIMIT-"])
  func `three fields are one quota, whatever they are called`(prefix: String) throws {
    let fields = ["\(prefix)Limit: 100", "\(prefix)Remaining: 42", "\(prefix)Reset: 30"]
    #expect(try read(fields) == Self.quota(100, 42, in: 30))
    #expect(try read(fields.reversed()) == Self.quota(100, 42, in: 30))
    #expect(try read([fields[1]]) == Self.quota(nil, 42))
    #expect(try read([fields[2]]) == Self.quota(nil, nil, in: 30))
  }

  @Test(
    arguments: [
      ("0", now), ("30", now + 30), ("999999999", now + 999_999_999),
      ("1000000000", 1_000_000_000), ("1700000030", 1_700_000_030),
      ("99999999999", 99_999_999_999), ("100000000000", 100_000_000),
      ("1700000030999", 1_700_000_030),
      ("99999999999999", 99_999_999_999), ("100000000000000", nil), ("29.7", now + 29),
    ] as [(String, Int?)])
  func `a reset is told by its size: from now, since 1970, or that in milliseconds`(
    text: String, seconds: Int?
  ) throws {
    let quota = try read(["X-RateLimit-Remaining: 1", "X-RateLimit-Reset: \(text)"])
    #expect(quota == Quota(remaining: 1, resetUnixSeconds: seconds))
  }

  @Test(
    arguments: [
      ("100", 100), ("100;w=60", 100), ("100 per hour", 100), ("599.0", 599), ("0", 0), ("007", 7),
      ("999999999999999", 999_999_999_999_999), ("100, 100;w=60, 1000;w=3600", 100),
      ("", nil), ("-1", nil), ("unlimited", nil), ("1e3", nil), ("100k", nil), ("0x10", nil),
      ("1000000000000000", nil), ("\u{ff}", nil),
    ] as [(String, Int?)])
  func `a number is read as far as it is one`(text: String, limit: Int?) throws {
    #expect(try read(["X-RateLimit-Limit: \(text)"]) == Quota(limit: limit))
  }

  @Test func `of lists the first are one quota, the second another`() throws {
    let fields = [
      "X-RateLimit-Limit: 100, 1000", "X-RateLimit-Remaining: 60", "X-RateLimit-Remaining: 10",
      "X-RateLimit-Reset: 5, 500",
    ]
    #expect(try read(fields) == Self.quota(1000, 10, in: 500))
    // Limits alone are policies of the one that has a rest.
    #expect(
      try read(["x-ratelimit-limit: 10, 10;w=1, 100;w=60", "x-ratelimit-remaining: 9"])
        == Self.quota(10, 9))
    // What cannot be read keeps its place.
    #expect(
      try read(["RateLimit-Limit: x, 1000", "RateLimit-Remaining: y, 10"]) == Self.quota(1000, 10))
  }

  // MARK: One field

  @Test(
    arguments: [
      ("limit=100, remaining=50, reset=5", quota(100, 50, in: 5)),
      ("remaining=50,limit=100", quota(100, 50)), ("limit=100", quota(100, nil)),
      (#""default";r=50;t=30"#, quota(nil, 50, in: 30)),
      (#""default"; r=50; t=30; pk=:cHsdsRa894==:"#, quota(nil, 50, in: 30)),
      ("default;r=50", quota(nil, 50)), (#""a=b";r=50;t=30"#, quota(nil, 50, in: 30)),
      (#""a";r=50;t=30, "b";r=7;t=60"#, quota(nil, 50, in: 30)),
      (#""a";r=50;t=30, "b";r=0;t=60"#, quota(nil, 0, in: 60)),
      ("limit=a, remaining=, reset", Quota()), (#""default""#, Quota()), (";;;=,=;r=;r", Quota()),
      (#""x";r=-1;t=x;q="#, Quota()), ("Limit=5", Quota()),
    ] as [(String, Quota)])
  func `both forms of RateLimit are read`(value: String, quota: Quota) throws {
    #expect(try read(["RateLimit: \(value)"]) == quota)
  }

  @Test func `a policy gives the quota of its name the limit`() throws {
    let policy = #"RateLimit-Policy: "burst";q=100;w=60, "daily";q=1000;w=86400"#
    let quotas = #"RateLimit: "burst";r=50;t=30, "daily";r=400;t=3000"#
    for fields in [[policy, quotas], [quotas, policy]] {
      #expect(try read(fields) == Self.quota(1000, 400, in: 3000))
    }
    #expect(try read([policy, #"RateLimit: "other";r=50"#]) == Self.quota(nil, 50))
    #expect(try read([policy]) == Self.quota(100, nil))
    #expect(try read(["RateLimit-Policy: 100;w=60"]) == Quota())
  }

  @Test func `a name may hold what separates`() throws {
    let fields = [#"RateLimit: "a,b;c";r=5;t=3"#, #"RateLimit-Policy: "a,b;c";q=10"#]
    #expect(try read(fields) == Self.quota(10, 5, in: 3))
  }

  // MARK: Which

  @Test func `of all quotas the one with the smallest share is meant`() throws {
    let hour = ["X-RateLimit-Limit: 1000", "X-RateLimit-Remaining: 90"]
    #expect(try read(hour + ["RateLimit: limit=10, remaining=1"]) == Self.quota(1000, 90))
    #expect(try read(hour + ["RateLimit: limit=100, remaining=8"]) == Self.quota(100, 8))
    #expect(try read(hour + ["RateLimit-Remaining: 0"]) == Self.quota(nil, 0))
    #expect(try read(hour + ["RateLimit-Remaining: 1"]) == Self.quota(1000, 90))
    #expect(try read(["RateLimit-Remaining: 1", "X-RateLimit-Limit: 5"]) == Self.quota(nil, 1))
  }

  // MARK: Retry-After

  @Test(
    arguments: [
      ("120", now + 120), ("0", now), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
      ("1700000030", 1_700_000_030), ("soon", nil), ("-5", nil), ("", nil),
    ] as [(String, Int?)])
  func `Retry-After is a delay or a date`(value: String, seconds: Int?) throws {
    let quota = try read(["Retry-After: \(value)"])
    #expect(quota == Quota(retryUnixSeconds: seconds))
    #expect(!quota.isSaid)
    let both = try read(["Retry-After: \(value)", "RateLimit-Remaining: 0"])
    #expect(both == Quota(remaining: 0, retryUnixSeconds: seconds))
  }

  // MARK: Bounds

  @Test func `what stands behind eight quotas is not looked at`() throws {
    let eight = Array(repeating: "9", count: 8).joined(separator: ",")
    #expect(try read(["RateLimit-Remaining: \(eight)", "RateLimit-Remaining: 0"]).remaining == 9)
    let items = (1...8).map { #""\#($0)";r=9"# }.joined(separator: ", ")
    #expect(try read([#"RateLimit: \#(items), "9";r=0"#]).remaining == 9)
    #expect(try read(["RateLimit: \(items)", "RateLimit: remaining=0"]).remaining == 9)
    let first = "remaining=9, " + (1...7).map { #""\#($0)";r=9"# }.joined(separator: ", ")
    #expect(try read(["RateLimit: \(first)", "RateLimit: remaining=0"]).remaining == 9)
  }

  @Test func `no bytes are a trap`() throws {
    let names = [
      "RateLimit", "RateLimit-Policy", "RateLimit-Limit", "X-RateLimit-Reset", "Retry-After",
      "X-Rate-Limit-Remaining",
    ]
    let alphabet = Array(#"0123456789 ,;="rtqwlimit.-:abc"#)
    var random = JSONTestRandom(for: "quotas")
    for _ in 0..<20_000 {
      let fields = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        let count = Int.random(in: 0...40, using: &random)
        let value = (0..<count).compactMap { _ in alphabet.randomElement(using: &random) }
        return "\(names.randomElement(using: &random) ?? ""): \(String(value))"
      }
      let quota = try read(fields)
      for number in [quota.limit, quota.remaining] { #expect(number ?? 0 >= 0, "\(fields)") }
    }
  }
}
