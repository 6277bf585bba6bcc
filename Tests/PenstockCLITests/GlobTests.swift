import Testing

@testable import PenstockCLI

@Suite struct GlobTests {
  @Test(arguments: [("*", "ca_x"), ("ca_*", "ca_"), ("ca_*_eu", "ca_a_eu_eu"), ("c?_x", "ca_x")])
  func `a pattern matches the whole name`(pattern: String, name: String) {
    #expect(Glob.matches(pattern, name))
  }

  @Test(arguments: [("ca_*", "xca_"), ("c?", "c"), ("a*b", "abc"), ("", "a")])
  func `a part of the name is not enough`(pattern: String, name: String) {
    #expect(!Glob.matches(pattern, name))
  }

  @Test func `many stars end in time`() {
    let pattern = String(repeating: "*a", count: 50) + "b"
    #expect(!Glob.matches(pattern, String(repeating: "a", count: 5000)))
  }
}
