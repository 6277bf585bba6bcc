import Testing
import Wire

@testable import Penstock

@Suite struct ExecuteRequestParserTests {
  /// What a request looks like from outside, in strings.
  private struct Parsed {
    var fault: ExecuteFault?
    var problems: [String] = []
    var method = ""
    var endpoint = ""
    var account: String?
    var user = ""
    var query = ""
    var headers = ""
    var body: String?
    var isText = false
    var url: String?
  }

  private func string(_ bytes: Span<UInt8>) -> String {
    bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func parse(_ text: String) -> Parsed {
    var parser = ExecuteRequestParser()
    var request = ExecuteRequest()
    return parse(Array(text.utf8), &parser, &request)
  }

  private func parse(
    _ envelope: [UInt8], _ parser: inout ExecuteRequestParser, _ request: inout ExecuteRequest
  ) -> Parsed {
    var parsed = Parsed()
    var text = ByteBuffer()
    text.append(envelope)
    do throws(ExecuteFault) {
      try parser.parse(&text, into: &request)
    } catch {
      parsed.fault = error
    }
    for problem in request.problems {
      var buffer = ByteBuffer()
      problem.write(into: &buffer)
      parsed.problems.append(string(buffer.span))
    }
    if parsed.fault != nil { return parsed }
    parsed.method = "\(request.method.name)"
    parsed.endpoint = string(request.endpoint)
    parsed.account = request.hasConnectedAccountID ? string(request.connectedAccountID) : nil
    parsed.user = string(request.userID)
    var buffer = ByteBuffer()
    request.appendQuery(into: &buffer)
    #expect(buffer.isEmpty != request.hasQuery)
    parsed.query = string(buffer.span)
    buffer.removeAll()
    request.appendHeaders(into: &buffer)
    parsed.headers = string(buffer.span)
    if let count = request.bodyCount {
      buffer.removeAll()
      request.appendBody(0..<count, from: text.span, into: &buffer)
      #expect(buffer.count == count)
      parsed.body = string(buffer.span)
    }
    switch request.body {
    case .text: parsed.isText = true
    case .url(let slice): parsed.url = string(request.bytes(slice))
    case .none, .json, .bytes: break
    }
    return parsed
  }

  private static let whole = #"""
    {"endpoint":"/repos/a%20b?x=1","method":"POST","binary_body":null,
     "body":{"n":1.10,"big":12345678901234567890,"s":"a\u0000b"},"connected_account_id":"ca_1",
     "user_id":"u\u00e9","custom_connection_data":null,"unknown":[1,{"a":1,"a":2}],
     "parameters":[{"name":"q&","value":"a=b c#+é","type":"query"},
       {"name":"X-A","value":" \t1 ","in":"header"},{"name":"X-A","value":"","type":"header"},
       {"name":"q&","value":"","in":"query","type":"query"}]}
    """#

  private func envelope(_ rest: String = "", method: String = "POST") -> String {
    #"{"endpoint":"/x","method":"\#(method)"\#(rest.isEmpty ? "" : ",")\#(rest)}"#
  }

  private func parameter(_ name: String, _ value: String, _ type: String = "header") -> String {
    envelope(#""parameters":[{"name":"\#(name)","value":"\#(value)","type":"\#(type)"}]"#)
  }

  @Test func readsAWholeEnvelope() {
    let parsed = parse(Self.whole)
    #expect(parsed.fault == nil && parsed.problems.isEmpty)
    #expect(parsed.endpoint == "/repos/a%20b?x=1")
    #expect(parsed.method == "POST" && parsed.account == "ca_1" && parsed.user == "ué")
    #expect(parsed.query == "q%26=a%3Db%20c%23%2B%C3%A9&q%26=")
    #expect(parsed.headers == "X-A: 1\r\nX-A: \r\nContent-Type: application/json\r\n")
    #expect(parsed.body == #"{"n":1.10,"big":12345678901234567890,"s":"a\u0000b"}"#)
    #expect(!parsed.isText && parsed.url == nil)
  }

  @Test func refusesEveryCutEnvelope() {
    let bytes = Array(Self.whole.utf8)
    for count in 0..<bytes.count {
      var parser = ExecuteRequestParser()
      var request = ExecuteRequest()
      let parsed = parse(Array(bytes[..<count]), &parser, &request)
      #expect(parsed.fault == .invalidJSON, "cut at \(count)")
    }
  }

  @Test(arguments: [
    "", " ", "null", "[]", "\"x\"", "1", "{\"endpoint\":\"/a\"", "{}x", "{}{}", "\u{feff}{}",
    "{\"endpoint\":\"\\ud800\"}", "{\"a\":{\"b\":\"\u{1}\"}}",
    "{\"body\":" + String(repeating: "[", count: 100_000),
    "{\"body\":" + String(repeating: "[", count: 64) + String(repeating: "]", count: 64) + "}",
  ])
  func refusesWhatIsNotAnObjectOfJSON(text: String) {
    #expect(parse(text).fault == .invalidJSON)
  }

  @Test func treatsANullAsAbsent() {
    let parsed = parse(
      envelope(
        #""body":null,"connected_account_id":null,"user_id":null,"parameters":null"#,
        method: "GET"))
    #expect(parsed.fault == nil && parsed.body == nil && parsed.account == nil)
    #expect(parsed.headers == "" && parsed.query == "")
    #expect(parse(#"{"endpoint":null,"method":null}"#).problems.count == 2)
    let item = parse(envelope(#""parameters":[null]"#))
    #expect(item.problems == ["parameters[0] must be an object"])
  }

  @Test func namesEachMissingOrMistypedField() {
    #expect(parse("{}").fault == .validationError)
    #expect(parse("{}").problems == ["endpoint is required", "method is required"])
    let parsed = parse(
      #"""
      {"endpoint":1,"method":[],"parameters":{},"connected_account_id":{},"user_id":true,
       "binary_body":"x"}
      """#)
    #expect(parsed.fault == .validationError)
    #expect(
      parsed.problems == [
        "endpoint must be a string", "method must be a string",
        "connected_account_id must be a string", "user_id must be a string",
        "parameters must be an array", "binary_body must be an object",
      ])
  }

  @Test func namesEachFaultOfAParameter() {
    let parsed = parse(
      envelope(
        #"""
        "parameters":[{},{"name":1,"value":2,"type":"header"},
          {"name":"a","value":"b","type":"path"},{"name":"a","value":"b","in":"Query"},
          {"name":"a","value":"b","in":"query","type":"header"},
          {"name":"","value":"b","in":"query"},{"name":"a","value":"b\n","in":"query"},
          {"name":"\u0000","value":"b","in":"query"},{"name":"a","value":true,"in":"query"},7]
        """#))
    #expect(parsed.fault == .validationError)
    #expect(
      parsed.problems == [
        "parameters[0].name is required", "parameters[0].value is required",
        "parameters[0].type is required", "parameters[1].name must be a string",
        "parameters[1].value must be a string", "parameters[2].type must be header or query",
        "parameters[3].in must be header or query", "parameters[4].type contradicts in",
        "parameters[5].name must not be empty",
        "parameters[6].value must not contain CR, LF or NUL",
        "parameters[7].name must not contain CR, LF or NUL",
        "parameters[8].value must be a string", "parameters[9] must be an object",
      ])
  }

  @Test(arguments: [
    #"{"endpoint":"/a","endpoint":"//evil","method":"GET"}"#,
    #"{"endpoint":"/a","\u0065ndpoint":"//evil","method":"GET"}"#,
    #"{"endpoint":"/a","method":"GET","x":1,"x":1}"#,
    #"{"endpoint":"/a","method":"GET","body":null,"body":1}"#,
    #"{"endpoint":"/a","method":"GET","parameters":[{"name":"a","name":"b"}]}"#,
    #"{"endpoint":"/a","method":"POST","binary_body":{"url":"a","url":"b"}}"#,
  ])
  func refusesDuplicateKeys(text: String) {
    #expect(parse(text).fault == .duplicateKey)
  }

  @Test func refusesMoreMembersAndParametersThanItsLimits() {
    let keys = (0..<100_000).map { "\"k\($0)\":0" }.joined(separator: ",")
    let parsed = parse(envelope(keys))
    #expect(parsed.fault == .validationError)
    #expect(parsed.problems == ["the envelope has too many members"])
    let one = #"{"name":"a","value":"b","type":"query"}"#
    for (count, fault) in [(100, nil), (101, .tooManyParameters), (10_000, .tooManyParameters)]
      as [(Int, ExecuteFault?)]
    {
      let list = Array(repeating: one, count: count).joined(separator: ",")
      #expect(parse(envelope("\"parameters\":[\(list)]")).fault == fault)
    }
    let many = (0..<100).map { _ in "{}" }.joined(separator: ",")
    #expect(
      parse(envelope("\"parameters\":[\(many)]")).problems.count == ExecuteRequest.problemsMax)
  }

  @Test(arguments: [
    "get", "TRACE", "CONNECT", "OPTIONS", "GET \\r\\nX: y", "GET / HTTP/1.1\\r\\n", "", "GETX",
    "GE", String(repeating: "A", count: 10_240),
  ])
  func takesMethodsOfTheListOnly(method: String) {
    #expect(parse(envelope(method: method)).fault == .invalidMethod)
  }

  @Test func knowsEveryMethodOfTheList() {
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "\\u0047ET"] {
      #expect(parse(envelope(method: method)).fault == nil)
    }
  }

  @Test func takesABodyWhereTheMethodCanHaveOne() {
    for method in ["GET", "HEAD"] {
      #expect(parse(envelope(#""body":{}"#, method: method)).fault == .bodyNotAllowed)
      #expect(parse(envelope(#""body":false"#, method: method)).fault == .bodyNotAllowed)
      let binary = envelope(#""binary_body":{"base64":""}"#, method: method)
      #expect(parse(binary).fault == .bodyNotAllowed)
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
      #expect(parse(envelope(#""body": [1] "#, method: method)).body == "[1]")
    }
    #expect(parse(envelope()).body == nil)
  }

  @Test func sendsAStringAsTextWhereItsTypeSaysSo() {
    func body(_ body: String, _ type: String) -> Parsed {
      parse(
        envelope(
          #"""
          "body":\#(body),
          "parameters":[{"name":"content_Type","value":"\#(type)","in":"header"}]
          """#))
    }
    let text = body(#""a\n\u00e9\"""#, "text/plain")
    #expect(text.isText && text.body == "a\né\"")
    #expect(text.headers == "content_Type: text/plain\r\n")
    let json = body(#""a\n\u00e9\"""#, "application/vnd.x+json")
    #expect(!json.isText && json.body == #""a\n\u00e9\"""#)
    #expect(json.headers == "content_Type: application/vnd.x+json\r\n")
    let object = body("{}", "application/x-amz-json-1.1")
    #expect(!object.isText && object.body == "{}")
    #expect(object.headers == "content_Type: application/x-amz-json-1.1\r\n")
    let plain = parse(envelope(#""body":"x""#))
    #expect(!plain.isText && plain.body == #""x""#)
  }

  @Test func decodesABinaryBody() {
    let plain = parse(envelope(#""binary_body":{"base64":"Zm9v","content_type":"text/plain"}"#))
    #expect(plain.body == "foo" && plain.headers == "Content-Type: text/plain\r\n")
    let escaped = parse(envelope(#""binary_body":{"base64":"Pz8\/","url":null}"#))
    #expect(escaped.body == "???")
    #expect(escaped.headers == "Content-Type: application/octet-stream\r\n")
    #expect(parse(envelope(#""binary_body":{"base64":""}"#)).body == "")
    let fetched = parse(envelope(#""binary_body":{"url":"https:\/\/a/b"}"#))
    #expect(fetched.url == "https://a/b" && fetched.body == nil)
  }

  @Test(arguments: [
    (#""binary_body":{}"#, ExecuteFault.conflictingBody),
    (#""binary_body":{"url":"a","base64":""}"#, .conflictingBody),
    (#""body":1,"binary_body":{"url":"a"}"#, .conflictingBody),
    (#""binary_body":{"base64":"Zg="}"#, .invalidBase64),
    (#""binary_body":{"base64":"Zg== "}"#, .invalidBase64),
    (#""binary_body":{"base64":"_-8="}"#, .invalidBase64),
    (#""binary_body":{"base64":"","content_type":"text/plain\r\nX: y"}"#, .invalidContentType),
    (#""binary_body":{"base64":"","content_type":"not-a-type"}"#, .invalidContentType),
    (#""binary_body":{"base64":1}"#, .validationError),
  ])
  func refusesABinaryBodyInDoubt(rest: String, fault: ExecuteFault) {
    #expect(parse(envelope(rest)).fault == fault)
  }

  @Test(arguments: [
    "", "X Y", "X:", "X\\r\\nY", "X\\u0000", "é", String(repeating: "a", count: 257),
  ])
  func refusesNamesThatAreNoToken(name: String) {
    let parsed = parse(parameter(name, "v"))
    #expect(parsed.fault == .invalidHeaderName)
    #expect(parsed.problems == ["parameters[0].name is not a header name"])
  }

  @Test(arguments: ["a\\r\\nb", "\\n", "\\r", "\\u0000", "\\u007f", "\\u0001", "a\\nX: y", " \\n "])
  func refusesValuesWithControls(value: String) {
    #expect(parse(parameter("X-A", value)).fault == .invalidHeaderValue)
  }

  @Test func takesOtherValuesTrimmed() {
    #expect(parse(parameter("X-A", "  a\\tb  ")).headers == "X-A: a\tb\r\n")
    #expect(parse(parameter("X-A", " \\t ")).headers == "X-A: \r\n")
    #expect(parse(parameter("X-A", "é")).headers == "X-A: é\r\n")
    #expect(parse(parameter(String(repeating: "a", count: 256), "")).fault == nil)
  }

  @Test(arguments: [
    "Authorization", "HOST", "content_length", "Transfer-Encoding", "Connection", "keep_alive",
    "TE", "Trailer", "Upgrade", "Proxy-Connection", "PROXY_Authorization", "proxy-x", "Expect",
    "Via",
    "X-Forwarded-For", "x_forwarded_anything", "Forwarded", "HTTP2-Settings",
  ])
  func refusesReservedNames(name: String) {
    #expect(parse(parameter(name, "v")).fault == .reservedHeader)
    #expect(parse(parameter("X" + name, "v")).fault == nil)
    #expect(parse(parameter(name, "v", "query")).fault == nil)
  }

  @Test func refusesASecondContentTypeAndTooManyBytes() {
    let type = #"{"name":"Content-Type","value":"text/plain","type":"header"}"#
    #expect(parse(envelope("\"parameters\":[\(type),\(type)]")).fault == .validationError)
    #expect(parse(parameter("A", String(repeating: "v", count: 32 * 1024 - 5))).fault == nil)
    let parsed = parse(parameter("A", String(repeating: "v", count: 32 * 1024 - 4)))
    #expect(parsed.fault == .parametersTooLarge)
  }

  @Test(
    arguments: [
      (#""toolkit_slug":"GitHub","connected_account_id":7"#, "GitHub", []),
      (#""toolkit_slug":"a\u0062""#, "ab", []),
      (#""connected_account_id":"ca""#, nil, ["toolkit_slug is required"]),
      (#""toolkit_slug":null"#, nil, ["toolkit_slug is required"]),
      (#""toolkit_slug":7"#, nil, ["toolkit_slug must be a string"]),
    ] as [(String, String?, [String])])
  func readsAToolkitInsteadOfAnAccountInASessionsName(
    fields: String, slug: String?, problems: [String]
  ) {
    var parser = ExecuteRequestParser()
    var request = ExecuteRequest()
    var text = ByteBuffer()
    text.append(envelope(fields))
    do throws(ExecuteFault) {
      try parser.parse(&text, isSession: true, into: &request)
      let found = string(request.toolkitSlug)
      #expect(found == slug)
      let hasAccount = request.hasConnectedAccountID
      #expect(!hasAccount)
    } catch {
      #expect(error == .validationError && slug == nil)
    }
    let told = request.problems.map { problem in
      var buffer = ByteBuffer()
      problem.write(into: &buffer)
      return string(buffer.span)
    }
    #expect(told == problems)
  }

  @Test func saysThatConnectionDataIsThere() throws {
    var parser = ExecuteRequestParser()
    var request = ExecuteRequest()
    var text = ByteBuffer()
    text.append(envelope(#""custom_connection_data":{}"#))
    try parser.parse(&text, into: &request)
    let isThere = request.hasCustomConnectionData
    #expect(isThere)
    text.removeAll()
    text.append(envelope())
    try parser.parse(&text, into: &request)
    let isStillThere = request.hasCustomConnectionData
    #expect(!isStillThere)
  }

  @Test func neverLetsAMutationThroughThatWouldBreakTheRequest() {
    var random = ExecuteTestRandom(for: "neverLetsAMutationThroughThatWouldBreakTheRequest")
    var parser = ExecuteRequestParser()
    var request = ExecuteRequest()
    let whole = Array(Self.whole.utf8)
    for _ in 0..<20_000 {
      let text = random.mutated(whole, alphabet: Array("{}[]\",:\\u0d8e rn".utf8))
      let isObject = (try? JSONScanner.validate(text.span).kind) == .object
      let parsed = parse(text, &parser, &request)
      #expect((parsed.fault == .invalidJSON) == !isObject)
      #expect((parsed.fault == .validationError) == false || !parsed.problems.isEmpty)
      if parsed.fault != nil { continue }
      let lines = parsed.headers.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
      #expect(lines.last?.isEmpty == true)
      for line in lines.dropLast() {
        #expect(line.last == 0x0d && line.dropLast().allSatisfy { $0 == 9 || $0 >= 0x20 })
        #expect(line.firstIndex(of: 0x3a).map { $0 > line.startIndex } == true)
      }
      #expect(parsed.query.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x23 })
    }
  }
}
