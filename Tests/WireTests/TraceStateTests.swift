import Testing
import Wire

@Suite struct TraceStateTests {
  /// What is passed on of the fields, without the name; nil where nothing is.
  private func passed(_ fields: [String]) throws -> String? {
    let lines = ["GET / HTTP/1.1"] + fields.map { "tracestate: \($0)" } + ["x-other: o=1", "", ""]
    let bytes = Array(lines.joined(separator: "\r\n").utf8)
    var head = RequestHead()
    let limits = HeadLimits(
      targetBytes: 100, fieldBytes: 100_000, fields: 100, fieldNameBytes: 100,
      fieldValueBytes: 100_000)
    try #require(head.parse(bytes.span, limits) == .complete)
    var out = ByteBuffer()
    out.append("before" as StaticString)
    TraceState.appendField(head.fields, bytes.span, into: &out)
    let text = String(decoding: Array(out), as: UTF8.self)
    if text == "before" { return nil }
    try #require(text.hasPrefix("beforetracestate: ") && text.hasSuffix("\r\n"))
    // CRLF is one character.
    return String(text.dropFirst("beforetracestate: ".count).dropLast())
  }

  @Test(
    arguments: [
      (["a=1"], "a=1"), (["a=1,b=2"], "a=1,b=2"), (["a=1", "b=2"], "a=1,b=2"),
      ([" a=1 ,\t b=2 ,, "], "a=1,b=2"), (["", "a=1", ","], "a=1"),
      (["fw529a3039@dt=x y", "0a_-*/=!~"], "fw529a3039@dt=x y,0a_-*/=!~"),
    ] as [([String], String)])
  func `all of the fields are one list, in order`(fields: [String], list: String) throws {
    #expect(try passed(fields) == list)
  }

  @Test(
    arguments: [
      [], [""], [" , "], ["a"], ["a="], ["=1"], ["A=1"], ["a b=1"], ["a=1=2"], ["a=\u{e9}"],
      ["a=1\t2"], ["@a=1"], ["a=1", "b"], ["a.b=1"],
    ] as [[String]])
  func `a list that is not valid is left out as a whole`(fields: [String]) throws {
    #expect(try passed(fields) == nil)
  }

  @Test func `keys and values have their bounds`() throws {
    let long = String(repeating: "k", count: 256)
    #expect(try passed(["\(long)=1"]) == "\(long)=1")
    #expect(try passed(["\(long)k=1"]) == nil)
    #expect(try passed(["k=\(long)"]) == "k=\(long)")
    #expect(try passed(["k=\(long)k"]) == nil)
  }

  @Test func `a list has at most 32 members, of all fields together`() throws {
    let members = (1...32).map { "k\($0)=v" }
    #expect(try passed(members) == members.joined(separator: ","))
    #expect(try passed([members.joined(separator: ","), "k33=v"]) == nil)
  }

  @Test func `of a list that is too long its long members go first, then the last ones`() throws {
    let members = (0..<8).map { "k\($0)=" + String(repeating: "v", count: 60) }
    let whole = members.joined(separator: ",")
    #expect(whole.utf8.count == 8 * 64 - 1)
    #expect(try passed(members) == whole)
    // Just over the bound of 512 bytes.
    #expect(try passed(members + ["a=b"]) == whole)
    let long = "long=" + String(repeating: "v", count: 124)
    #expect(try passed([long] + members) == whole)
    let wide = "l=" + String(repeating: "v", count: 126)
    #expect(try passed([wide] + members) == ([wide] + members.prefix(6)).joined(separator: ","))
  }

  @Test func `nothing but long members leaves nothing`() throws {
    let long = (0..<3).map { "k\($0)=" + String(repeating: "v", count: 200) }
    #expect(try passed(long) == nil)
    #expect(try passed(Array(long.prefix(2))) == long.prefix(2).joined(separator: ","))
  }
}
