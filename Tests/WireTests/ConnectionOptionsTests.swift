import Testing
import Wire

@Suite struct ConnectionOptionsTests {
  /// The options of a request with these field lines, and which of `names` they nominate.
  private func read(_ lines: String, names: [String] = []) -> (ConnectionOptions, [String]) {
    let bytes = wire("GET / HTTP/1.1⏎\(lines)⏎")
    var head = RequestHead()
    #expect(head.parse(bytes.span, usualLimits) == .complete)
    let options = ConnectionOptions(head.fields, bytes.span)
    var nominated: [String] = []
    for name in names where options.nominates(wire(name).span, head.fields, bytes.span) {
      nominated.append(name)
    }
    return (options, nominated)
  }

  @Test func `no Connection field says nothing`() {
    let (options, nominated) = read("Host: p⏎X: close⏎", names: ["x", "host"])
    #expect(!options.hasClose && !options.hasKeepAlive && !options.hasNominated)
    #expect(nominated.isEmpty)
  }

  @Test(arguments: [
    "close", "Close", "CLOSE", " , close", "keep-alive, close", "x,close,y", "close\t,",
  ])
  func `close is found in any case and place`(value: String) {
    #expect(read("Connection: \(value)⏎").0.hasClose)
    #expect(read("Connection: x⏎A: b⏎connection: \(value)⏎").0.hasClose)
  }

  @Test(arguments: ["closed", "x-close", "\"close\"", "close;q=1", "clo se", ""])
  func `what only looks like close is another name`(value: String) {
    let options = read("Connection: \(value)⏎").0
    #expect(!options.hasClose)
    #expect(options.hasNominated == !value.isEmpty)
  }

  @Test func `keep-alive and close can stand together`() {
    let options = read("Connection: Keep-Alive, close⏎").0
    #expect(options.hasClose && options.hasKeepAlive && !options.hasNominated)
  }

  @Test func `nominated fields are found across all Connection fields, in any case`() {
    let (options, nominated) = read(
      "Connection: close, X-One⏎Other: X-Three⏎CONNECTION: ,x-TWO ,⏎",
      names: ["x-one", "X-Two", "x-three", "x-on", "x-ones", "host"])
    #expect(options.hasNominated)
    #expect(nominated == ["x-one", "X-Two"])
  }
}
