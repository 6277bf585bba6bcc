import Testing

@testable import PenstockCLI

@Suite struct YAMLDocumentTests {
  private func faults(_ text: String) -> [String] {
    var document = YAMLDocument(source: SourceText(path: "f.yaml", text: text))
    _ = document.read()
    return document.faults.map { "\($0.line):\($0.column): \($0.message)" }
  }

  @Test(arguments: [
    ("a: [1, 2\nb: 3\n", "1:4: the list that opens here is never closed"),
    ("a: {b: 1\n", "1:4: the mapping that opens here is never closed"),
    ("a: \"b\n", "1:4: the quote that opens here is never closed"),
    ("a: 'b\n", "1:4: the quote that opens here is never closed"),
    ("a:\n\tb: 1\n", "2:1: a value cannot begin with this character"),
    ("a: @b\n", "1:4: a value cannot begin with this character"),
    ("a: b: c\n", "1:5: a key cannot stand here"),
    ("a: 1\n b: 2\n", "2:3: a key cannot stand here"),
    ("a:\n  - 1\n - 2\n", "3:2: this does not fit what stands before it"),
    ("a: *b\n", "1:4: this alias has no anchor before it"),
    ("a: [*]\n", "1:5: `*` begins an alias here"),
    ("a: 1\n---\nb: 2\n", "2:1: a second document begins here"),
    ("a: \"\\q\"\n", "1:5: no such escape in double quotes"),
    ("a: [${env:B}]\n", "1:6: `${…}` needs quotes inside of brackets and braces"),
    ("a: x\u{7}y\n", "1:5: this character may not stand in a YAML file"),
    ("a: 1\n[b]\n", "2:1: a key without its colon"),
    ("a: 'x' y\n", "1:8: this does not fit what stands before it"),
    ("a: |x\n", "1:5: nothing may follow `|` or `>` on its line"),
  ])
  func `a mistake has its place, in our words`(text: String, fault: String) {
    #expect(faults(text) == [fault])
  }

  @Test func `keys that stand twice are all found, in whatever form`() {
    let text = """
      a: 1
      b: {x: 1, y: 2, x: 3}
      "a": 2
      c:
        - d: 1
          e: 1
          d: 2
        - d: 1
      a: 3
      """
    #expect(
      faults(text) == [
        "2:17: `x` stands here a second time", "7:5: `d` stands here a second time",
        "3:2: `a` stands here a second time", "9:1: `a` stands here a second time",
      ])
  }

  @Test func `deep nesting is refused, not followed`() {
    #expect(faults(String(repeating: "[", count: 100_000)).count == 1)
    #expect(faults(String(repeating: "- ", count: 100_000)).count == 1)
  }
}
