import Testing

@testable import PenstockCLI

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("lisen", "listen"), ("acounts", "accounts"), ("base-url", "base_url"), ("Listen", "listen"),
    ("admni", "admin"),
  ])
  func `a slip of the finger finds its name`(text: String, name: String) {
    #expect(NearestName.of(text, among: Keys.file + Keys.account) == name)
  }

  @Test func `what resembles nothing gets no suggestion`() {
    #expect(NearestName.of("kubernetes", among: Keys.file) == nil)
    #expect(NearestName.of("x", among: ["id"]) == nil)
  }
}
