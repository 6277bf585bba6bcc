import Testing
import Wire

@testable import Penstock

@Suite struct ExecuteEnvelopeWriterTests {
  private func written(
    _ status: Int, _ headers: [(String, [UInt8])], _ body: [UInt8],
    with writer: inout EnvelopeWriter
  ) -> (String, EnvelopeWriter.Form) {
    writer.beginHeaders()
    for (name, value) in headers {
      writer.addHeader(name: Array(name.utf8).span, value: value.span)
    }
    var buffer = ByteBuffer()
    let form = writer.form(of: body.span)
    writer.append(form, status: status, body: body.span, into: &buffer)
    let isJSON = (try? JSONScanner.validate(buffer.span, depthMax: 20_000)) != nil
    #expect(isJSON)
    return (buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }, form)
  }

  private func written(_ type: String?, _ body: [UInt8]) -> (String, EnvelopeWriter.Form) {
    var writer = EnvelopeWriter()
    let headers = type.map { [("Content-Type", Array($0.utf8))] } ?? []
    var (text, form) = written(200, headers, body, with: &writer)
    text = String(text.dropFirst(#"{"data":"#.count))
    let header = type.map { #""content-type":"\#($0)""# } ?? ""
    let end = #","status":200,"headers":{\#(header)}"#
    #expect(text.hasSuffix(end + "}"))
    text = text.components(before: end)
    return (text, form)
  }

  private func written(_ type: String?, _ body: String) -> (String, EnvelopeWriter.Form) {
    written(type, Array(body.utf8))
  }

  @Test(arguments: [
    "{\"a\":1.10,\"b\":12345678901234567890,\"a\":2}", "null", "1e400", "\"\u{2028}</script>\"",
    " [1] \n",
  ])
  func passesJSONOnByteForByte(body: String) {
    #expect(written("application/json", body) == (body, .json))
    #expect(written("application/hal+json; charset=latin1", body) == (body, .json))
  }

  @Test func putsWhatIsNotJSONIntoAString() {
    #expect(written("application/json", "{\"a\":") == (#""{\"a\":""#, .text))
    #expect(written("application/json", "\u{feff}1") == ("\"\u{feff}1\"", .text))
    #expect(written("application/json", [0x22, 0xff, 0x22]) == ("null", .binary))
    #expect(
      written("application/json; charset=latin1", [0x22, 0xe9, 0x22]) == (#""\"é\"""#, .text))
    let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    #expect(written("application/json", deep) == (deep, .json))
    #expect(written("application/json", "[" + deep + "]") == ("\"[" + deep + "]\"", .text))
  }

  @Test func putsTextIntoAString() {
    #expect(written("text/html", "<p>\n\"é\"") == (#""<p>\n\"é\"""#, .text))
    #expect(written(nil, "plain") == (#""plain""#, .text))
    #expect(written("application/x-www-form-urlencoded", "a=b") == (#""a=b""#, .text))
    #expect(written("text/plain; charset=iso-8859-1", [0xe9, 0x80]) == ("\"é\u{80}\"", .text))
    #expect(written("text/plain; charset=windows-1252", [0xe9, 0x80]) == (#""é€""#, .text))
  }

  @Test func keepsOutWhatIsBinary() {
    #expect(written("image/png", "x") == ("null", .binary))
    #expect(written("text/plain", [0xff]) == ("null", .binary))
    #expect(written("text/plain; charset=utf-16", "x") == ("null", .binary))
    #expect(written(nil, [0xc3]) == ("null", .binary))
  }

  @Test(arguments: ["application/json", "image/png", "text/plain", nil])
  func writesNullForAnEmptyBody(type: String?) {
    #expect(written(type, "") == ("null", .null))
  }

  @Test func takesAnEncodedBodyForBinary() {
    var writer = EnvelopeWriter()
    let headers = [
      ("Content-Type", Array("text/plain".utf8)), ("content-encoding", Array("br".utf8)),
    ]
    #expect(written(200, headers, [0x41], with: &writer).1 == .binary)
    #expect(written(204, headers, [], with: &writer).1 == .null)
    #expect(written(200, [headers[0]], [0x41], with: &writer).1 == .text)
  }

  @Test func joinsRepeatedHeaders() {
    var writer = EnvelopeWriter()
    let headers: [(String, [UInt8])] = [
      ("Set-Cookie", Array("a=1, b".utf8)), ("X-A", Array("1".utf8)), ("ETag", Array("\"x\"".utf8)),
      ("set-cookie", Array("c=2".utf8)), ("x-a", []), ("X-a", Array("3".utf8)),
      ("X-Latin", [0xe9]), ("X-Tab", [0x09]),
    ]
    for _ in 0..<2 {
      let (text, form) = written(404, headers, [], with: &writer)
      #expect(form == .null)
      #expect(
        text == #"""
          {"data":null,"status":404,"headers":{"set-cookie":"a=1, b\nc=2","x-a":"1, , 3",\#
          "etag":"\"x\"","x-latin":"é","x-tab":"\t"}}
          """#)
    }
    #expect(written(200, [], [], with: &writer).0 == #"{"data":null,"status":200,"headers":{}}"#)
  }

  @Test func isAlwaysJSONWhateverTheBody() {
    var random = ExecuteTestRandom(for: "isAlwaysJSONWhateverTheBody")
    var writer = EnvelopeWriter()
    let types = [
      "application/json", "text/plain", "text/plain; charset=latin1", "image/png",
      "text/plain; charset=cp1252",
    ]
    let whole = Array("{\"a\":[1,\"é\\n😀\",null]}".utf8)
    for _ in 0..<10_000 {
      let body = random.mutated(whole, alphabet: Array("{}[]\",:\\\n0".utf8))
      let type = Array(types[random.below(types.count)].utf8)
      let name = random.mutated(Array("x-a".utf8), alphabet: [0x41])
      let headers = [("content-type", type), (String(decoding: name, as: UTF8.self), body)]
      _ = written(200, headers, body, with: &writer)
    }
  }

  @Test func writesTheErrorEnvelope() {
    var buffer = ByteBuffer()
    let problems = [
      FieldProblem(place: .parameter(3), field: .name, deed: .reserved),
      FieldProblem(place: .envelope, field: .endpoint, deed: .missing),
    ]
    ErrorEnvelope.write(
      message: "The envelope is not valid.", code: 4001, slug: "validation_error", status: 400,
      requestID: Array("r\"1".utf8).span, suggestedFix: "Correct the fields.", errors: problems,
      into: &buffer)
    let text = buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    #expect(
      text == #"""
        {"error":{"message":"The envelope is not valid.","code":4001,"slug":"validation_error",\#
        "status":400,"request_id":"r\"1","suggested_fix":"Correct the fields.","errors":[\#
        "parameters[3].name is a header that Penstock sets itself","endpoint is required"]}}
        """#)
  }
}

extension String {
  /// What stands before the last `separator`.
  fileprivate func components(before separator: String) -> String {
    var end = endIndex
    while end > startIndex, !self[end...].hasPrefix(separator) { end = index(before: end) }
    return String(self[..<end])
  }
}
