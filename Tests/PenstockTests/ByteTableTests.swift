import Testing

@testable import Penstock

@Suite struct ByteTableTests {
  private func table(_ pairs: [(String, Int)]) -> ByteTable {
    ByteTable(pairs.map { (key: Array($0.0.utf8), value: $0.1) })
  }

  private func value(_ key: String, in table: ByteTable) -> Int? {
    table.value(of: Array(key.utf8).span)
  }

  @Test func `an empty table has nothing`() {
    #expect(value("", in: table([])) == nil)
    #expect(value("a", in: table([])) == nil)
  }

  @Test func `a key is found byte for byte`() {
    let table = self.table([("ca_one", 1), ("ca_two", 2), ("", 3)])
    #expect(value("ca_one", in: table) == 1)
    #expect(value("ca_two", in: table) == 2)
    #expect(value("", in: table) == 3)
    for other in ["ca_on", "ca_onee", "CA_ONE", "ca_one\u{0}", "\u{0}"] {
      #expect(value(other, in: table) == nil)
    }
  }

  @Test func `of two values for a key the first one counts`() {
    #expect(value("a", in: table([("a", 1), ("b", 2), ("a", 3)])) == 1)
  }

  @Test(arguments: [1, 4, 5, 8, 9, 1000, 10_000])
  func `every key of a large table is found, and no other`(count: Int) {
    let table = self.table((0..<count).map { ("ca_\($0)", $0) })
    for index in 0..<count { #expect(value("ca_\(index)", in: table) == index) }
    for index in count..<(count + 1000) { #expect(value("ca_\(index)", in: table) == nil) }
  }
}
