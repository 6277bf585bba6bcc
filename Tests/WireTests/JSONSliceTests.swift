import Testing
import Wire

@Suite struct JSONSliceTests {
  private func meaning(_ text: String) throws -> String {
    let bytes = Array(text.utf8)
    let slice = try JSONScanner.validate(bytes.span)
    var buffer = ByteBuffer()
    slice.unescape(from: bytes.span, into: &buffer)
    return buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test func unescapesEveryForm() throws {
    #expect(try meaning("\"\"") == "")
    #expect(try meaning("\"plain\"") == "plain")
    #expect(try meaning("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"") == "\"\\/\u{8}\u{c}\n\r\t")
    #expect(try meaning("\"a\\u0000b\\u00E9\\u20ac\\uD83D\\uDE00z\"") == "a\0bé€😀z")
    #expect(try meaning("\"\\u0041\\u0042\"") == "AB")
    #expect(try meaning("\"\\\\u0041\"") == "\\u0041")
  }

  @Test func comparesWhatStringsMean() throws {
    let text = Array("[\"aé/\",\"\\u0061\\u00e9\\/\",\"aé\",\"a\\u00e9\",\"\",\"aé/b\"]".utf8)
    var scanner = JSONScanner()
    _ = try scanner.enterArray(text.span)
    var slices: [JSONSlice] = []
    while let slice = try scanner.nextElement(text.span) { slices.append(slice) }
    for (index, slice) in slices.enumerated() {
      for (other, another) in slices.enumerated() {
        let isSame = index == other || index / 2 == other / 2 && index < 4 && other < 4
        let isEqual = slice.equals(another, in: text.span)
        #expect(isEqual == isSame, "\(index) \(other)")
      }
    }
  }

  @Test func findsDuplicateKeysHoweverTheyAreWritten() throws {
    let text = Array("{\"a\":1,\"b\":2,\"\\u0061\":3,\"\":4,\"c\":5}".utf8)
    var keys = JSONKeySet()
    for _ in 0..<2 {
      var scanner = JSONScanner()
      _ = try scanner.enterObject(text.span)
      var insertions: [JSONKeySet.Insertion] = []
      while let member = try scanner.nextMember(text.span) {
        insertions.append(keys.insert(member.key, in: text.span))
      }
      #expect(insertions == [.added, .added, .duplicate, .added, .added])
      keys.removeAll()
    }
  }

  @Test func boundsTheKeysOfAnObject() throws {
    let members = (0...JSONKeySet.membersMax).map { "\"\($0)\":0" }.joined(separator: ",")
    let text = Array("{\(members)}".utf8)
    var keys = JSONKeySet()
    var scanner = JSONScanner()
    _ = try scanner.enterObject(text.span)
    var last: JSONKeySet.Insertion?
    while let member = try scanner.nextMember(text.span) {
      #expect(last ?? .added == .added)
      last = keys.insert(member.key, in: text.span)
    }
    #expect(last == .full)
  }
}
