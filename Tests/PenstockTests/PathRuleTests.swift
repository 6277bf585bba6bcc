import Testing

@testable import Penstock

@Suite struct PathRuleTests {
  private func fault(_ path: String) -> PathRule.Fault? {
    var rule = PathRule()
    return rule.fault(in: Array(path.utf8).span)
  }

  @Test(arguments: [
    "/../admin", "/a/../../admin", "/./x", "/a/..", "/..", "/.", "/a/.", "/a/./", "/a/../",
    "/..;/admin", "/a;/../b", "/.;a=b/x", "/a/..;v=1",
  ])
  func `a dot segment is refused as it stands`(path: String) {
    #expect(fault(path) == .dotSegment)
  }

  @Test(arguments: [
    "/%2e%2e/admin", "/%2E./x", "/.%2e/x", "/%2e/x", "/..%2fadmin", "/%2e%2e%2fadmin",
    "/..%5cadmin", "/a%2f..%2fb", "/%2e%2e%3b/x", "/%2e%2e%5Cx", "/a%2F%2E%2E",
  ])
  func `a dot segment that is encoded once is refused`(path: String) {
    #expect(fault(path) == .dotSegment)
  }

  @Test(arguments: [
    "/%252e%252e/", "/%252e%252e/x", "/.%252e/x", "/..%252fadmin", "/%252E%252e%255cx",
    "/%25%32%65/x", "/a%252f%252e%252e", "/%252e", "/100%25/%252e%252e/admin", "/%252e%252e/100%25",
  ])
  func `a dot segment that is encoded twice is refused`(path: String) {
    #expect(fault(path) == .dotSegment)
  }

  @Test(arguments: [
    "/%c0%ae%c0%ae/", "/%c0%2e%c0%2e/x", "/%C1%9c/x", "/%e0%80%ae/x", "/%f0%80%80%ae/x",
    "/%25c0%25ae/x",
  ])
  func `an overlong form is refused`(path: String) {
    #expect(fault(path) == .dotSegment)
  }

  @Test(arguments: [
    "/x%00", "/x%0d%0aHost:%20evil", "/x%0aSet-Cookie", "/%7f", "/%1F", "/%09", "/%u002e%u002e/",
    "/%", "/%2", "/x%zz", "/%2g", "/a\\b", "\\", "/\\evil.com", "/%%32%65",
  ])
  func `encoded controls, backslashes and broken encodings are malformed`(path: String) {
    #expect(fault(path) == .malformed)
  }

  @Test(arguments: [
    "", "/", "/x", "/a/b/", "/...", "/.well-known/x", "/a..b", "/a.", "/.a/..b", "/a;v=1/b",
    "/a%2fb", "/a%5cb", "/a%20b", "/%41", "/100%25", "/50%25%20off", "/%e2%82%ac",
    "/%f0%9f%98%80", "/%e0%a4%a9", "/a//b", "/{{token}}", "/%252541", "/%25zz", "/a%3Fb",
  ])
  func `what everyone reads alike passes`(path: String) {
    #expect(fault(path) == nil)
  }

  @Test(arguments: [
    ("/%2fevil.com", true), ("/%5cevil.com", true), ("/%2Fevil.com", true), ("//evil.com", true),
    ("/x%2f", false), ("/", false), ("", false), ("/x//", false),
  ])
  func `two slashes at the front are an authority to some`(path: String, isAuthority: Bool) {
    var rule = PathRule()
    #expect(rule.beginsWithAuthority(Array(path.utf8).span) == isAuthority)
  }

  @Test func `a rule forgets the path before`() {
    var rule = PathRule()
    for (path, isRefused) in [
      ("/%2e%2e/a/long/path/that/was/refused", true), ("/x%20y", false), ("/%252e/", true),
      ("/%20", false), ("/x", false),
    ] {
      #expect((rule.fault(in: Array(path.utf8).span) != nil) == isRefused, "\(path)")
    }
  }

  // MARK: Random encodings

  /// Segments that are dots, and segments that only look like them.
  private static let dots = [".", "..", ".;x", "..;", "..;a=b"]
  private static let others = ["a", "...", "a.", ".a", "..b", "", "x;..", "%", "a%b", ";."]

  /// A path of random segments, each of its characters written plainly or encoded up to twice.
  private func path(
    of segments: [String], _ random: inout ExecuteTestRandom
  ) -> String {
    var path = "/"
    for (index, segment) in segments.enumerated() {
      if index > 0 { path += encoded("/", times: random.below(3), &random) }
      for character in segment.utf8 {
        // A percent sign has to be encoded, and is then no more than a percent sign.
        let times = character == 0x25 ? 1 : random.below(3)
        path += encoded(String(UnicodeScalar(character)), times: times, &random)
      }
    }
    return path
  }

  private func encoded(
    _ character: String, times: Int, _ random: inout ExecuteTestRandom
  ) -> String {
    var text = character
    for _ in 0..<times {
      let first = text.utf8.first.map { String($0, radix: 16) } ?? ""
      let digits = random.below(2) == 0 ? first : first.uppercased()
      text = "%" + digits + text.dropFirst()
    }
    return text
  }

  @Test func `a dot segment is found in every encoding, and nothing else is taken for one`() {
    var random = ExecuteTestRandom(for: "PathRule")
    var misjudged: [String] = []
    for _ in 0..<50_000 {
      var segments = (0...random.below(3)).map { _ in Self.others[random.below(Self.others.count)] }
      let hasDots = random.below(2) == 0
      if hasDots {
        let segment = Self.dots[random.below(Self.dots.count)]
        segments.insert(segment, at: random.below(segments.count + 1))
      }
      let path = self.path(of: segments, &random)
      if (fault(path) == .dotSegment) != hasDots { misjudged.append(path) }
    }
    misjudged.sort { $0.utf8.count < $1.utf8.count }
    #expect(misjudged.prefix(5) == [], "\(misjudged.count) of 50000")
  }
}
