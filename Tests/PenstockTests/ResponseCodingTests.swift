import Body
import Testing
import Wire

@testable import Penstock

@Suite struct ResponseCodingTests {
  /// The plan for a response of 1000 bytes of JSON, but for what a test says.
  /// `accept`: the Accept-Encoding of the client; nil where it sends none.
  private func coding(
    _ fields: [String] = [], status: Int = 200, type: String? = "application/json",
    framing: Framing = .length(1000), accept: String? = "gzip", _ compression: Compression = .auto,
    isToHead: Bool = false
  ) -> ResponseCoding {
    let types = type.map { ["Content-Type: \($0)"] } ?? []
    let response = TestResponse(lines: ["HTTP/1.1 \(status) x"] + types + fields)
    var accepted = AcceptEncoding()
    if let accept { accepted.add(Array(accept.utf8).span) }
    return ResponseCoding(
      response.head, response.bytes.span, framing: framing, accepted: accepted,
      rule: CompressionRule(compression), isToHead: isToHead)
  }

  private static let gzipped = ResponseCoding(plan: .encode(.gzip), varies: true)
  private static let variesOnly = ResponseCoding(plan: .asIs, varies: true)

  // MARK: The client's wish against the upstream's coding

  /// Rows: Accept-Encoding. Columns: no coding, gzip, deflate, another one.
  /// `+g` and `+d` put on, `-g` and `-d` take off, `·` leaves.
  private static let table: [(accept: String?, plans: String)] = [
    (nil, "· -g -d ·"),
    ("", "· -g -d ·"),
    ("gzip", "+g · -d ·"),
    ("GZIP", "+g · -d ·"),
    ("x-gzip", "+g · -d ·"),
    ("deflate", "+d -g · ·"),
    ("gzip, deflate", "+g · · ·"),
    ("gzip;q=0.5, deflate", "+d · · ·"),
    ("br", "· -g -d ·"),
    ("identity", "· -g -d ·"),
    ("gzip;q=0", "· -g -d ·"),
    ("gzip;q=1.5", "· -g -d ·"),
    ("gzip;q=abc", "· -g -d ·"),
    ("gzip;q=0.5, identity", "· · -d ·"),
    ("*", "+g · · ·"),
    ("*, gzip;q=0", "· -g · ·"),
    // Neither identity nor anything that Penstock makes: it stays as it is.
    ("*;q=0", "· · · ·"),
    ("identity;q=0", "· · · ·"),
    ("br, identity;q=0", "· · · ·"),
    ("gzip, identity;q=0", "+g · · ·"),
    ("deflate, *;q=0", "+d · · ·"),
  ]

  private static func plan(_ text: Substring) -> ResponseCoding.Plan? {
    switch text {
    case "+g": .encode(.gzip)
    case "+d": .encode(.deflate)
    case "-g": .decode(.gzip)
    case "-d": .decode(.deflate)
    case "·": .asIs
    default: nil
    }
  }

  @Test(arguments: table)
  func `a body goes in the coding that the client takes`(accept: String?, plans: String) throws {
    let plans = try plans.split(separator: " ").map { try #require(Self.plan($0)) }
    try #require(plans.count == 4)
    for framing in [Framing.length(1000), .chunked, .untilClose] {
      for field in [[], ["Content-Encoding: identity"], ["Content-Encoding:"]] {
        let coding = coding(field, framing: framing, accept: accept)
        #expect(coding == ResponseCoding(plan: plans[0], varies: true), "\(field)")
      }
      for name in ["gzip", "GZip", "x-gzip", " , gzip ,"] {
        let coding = coding(["Content-Encoding: \(name)"], framing: framing, accept: accept)
        #expect(coding == ResponseCoding(plan: plans[1], varies: true), "\(name)")
      }
      #expect(
        coding(["Content-Encoding: Deflate"], framing: framing, accept: accept)
          == ResponseCoding(plan: plans[2], varies: true))
      for name in ["br", "zstd", "compress", "gzip, gzip", "identity, gzip", "gzip, br", "gzip;x"] {
        let coding = coding(["Content-Encoding: \(name)"], framing: framing, accept: accept)
        #expect(coding == .asIs && plans[3] == .asIs, "\(name)")
      }
    }
  }

  @Test func `codings in two fields are as in one`() {
    let twice = ["Content-Encoding: gzip", "Content-Encoding: gzip"]
    #expect(coding(twice, accept: nil) == .asIs)
    #expect(coding(["Content-Encoding:", "Content-Encoding: gzip"], accept: nil).isTransformed)
  }

  // MARK: Responses that nothing is done to

  private static let untouched: [(fields: [String], status: Int, framing: Framing)] = [
    ([], 100, .none), ([], 103, .length(1000)), ([], 204, .none), ([], 204, .length(1000)),
    ([], 205, .length(1000)), ([], 206, .length(1000)), ([], 206, .chunked), ([], 304, .none),
    ([], 304, .length(1000)), ([], 200, .none),
    (["Content-Range: bytes 0-999/2000"], 200, .length(1000)),
    (["Content-Range: bytes */2000"], 416, .length(1000)),
    (["Cache-Control: no-transform"], 200, .length(1000)),
    (["Cache-Control: max-age=1", "Cache-Control: private, No-Transform"], 200, .chunked),
  ]

  @Test(arguments: untouched)
  func `a response without a whole body of its own is left alone`(
    fields: [String], status: Int, framing: Framing
  ) {
    for accept in ["gzip", "deflate", nil] {
      for more in [[], ["Content-Encoding: gzip"], ["Content-Encoding: deflate"]] {
        #expect(
          coding(fields + more, status: status, framing: framing, accept: accept) == .asIs)
      }
    }
  }

  @Test(arguments: [200, 201, 203, 226, 301, 404, 422, 500, 503, 599])
  func `any other status is compressed, errors too`(status: Int) {
    #expect(coding(status: status) == Self.gzipped)
  }

  @Test func `a directive in quotes, or another one, is no reason`() {
    #expect(coding(["Cache-Control: private=\"no-transform\", no-cache"]) == Self.gzipped)
  }

  // MARK: What is worth compressing

  @Test(arguments: [(0, false), (1, false), (255, false), (256, true), (1 << 40, true)])
  func `a body shorter than the least is not compressed`(length: Int, isCompressed: Bool) {
    #expect(coding(framing: .length(length)) == (isCompressed ? Self.gzipped : .asIs))
  }

  @Test func `an empty body never is, even where the least is nothing`() {
    let all = Compression.custom(types: ["*/*"], bytesMin: 0, level: 1)
    #expect(coding(framing: .length(0), all) == .asIs)
    #expect(coding(framing: .length(1), all) == Self.gzipped)
  }

  @Test(arguments: ["image/png", "application/octet-stream", "text/event-stream", "", nil])
  func `a type that is not in the list is not compressed`(type: String?) {
    for framing in [Framing.length(1000), .chunked, .untilClose] {
      #expect(coding(type: type, framing: framing) == .asIs)
    }
  }

  @Test func `two types are in doubt`() {
    #expect(coding(["Content-Type: application/json"]) == .asIs)
  }

  @Test func `an event stream is not compressed where everything is`() {
    let all = Compression.custom(types: ["*/*"], bytesMin: 0, level: 1)
    #expect(coding(type: "text/event-stream; charset=utf-8", framing: .chunked, all) == .asIs)
    #expect(coding(type: "image/png", framing: .chunked, all) == Self.gzipped)
  }

  // MARK: What is unpacked

  @Test func `a body is unpacked whatever its type and length, and with compression off`() {
    let field = ["Content-Encoding: gzip"]
    let unpacked = ResponseCoding(plan: .decode(.gzip), varies: true)
    for compression in [Compression.auto, .off] {
      for type in ["application/json", "image/png", "text/event-stream", nil] {
        for framing in [Framing.length(1), .length(1000), .chunked, .untilClose] {
          #expect(
            coding(field, type: type, framing: framing, accept: nil, compression) == unpacked)
          #expect(coding(field, type: type, framing: framing, compression) == Self.variesOnly)
        }
      }
    }
  }

  @Test func `with compression off nothing is compressed, nor could it have been`() {
    for accept in ["gzip", "*", nil] { #expect(coding(accept: accept, .off) == .asIs) }
  }

  // MARK: HEAD

  @Test(arguments: ["gzip", "*;q=0", nil])
  func `HEAD varies exactly where GET does, and is never coded`(accept: String?) {
    func head(
      _ fields: [String], status: Int = 200, type: String = "text/html",
      _ compression: Compression = .auto
    ) -> ResponseCoding {
      coding(
        fields, status: status, type: type, framing: .none, accept: accept, compression,
        isToHead: true)
    }
    #expect(head([]) == Self.variesOnly)
    #expect(head(["Content-Length: 256"]) == Self.variesOnly)
    #expect(head(["Transfer-Encoding: chunked"]) == Self.variesOnly)
    #expect(head(["Content-Encoding: gzip"], type: "image/png") == Self.variesOnly)
    #expect(head(["Content-Encoding: gzip"], .off) == Self.variesOnly)
    #expect(head(["Content-Length: 255"]) == .asIs)
    #expect(head(["Content-Length: 0"]) == .asIs)
    #expect(head(["Content-Encoding: br"]) == .asIs)
    #expect(head(["Cache-Control: no-transform"]) == .asIs)
    #expect(head([], status: 206) == .asIs)
    #expect(head([], status: 304) == .asIs)
    #expect(head([], type: "image/png") == .asIs)
    #expect(head([], .off) == .asIs)
  }
}
