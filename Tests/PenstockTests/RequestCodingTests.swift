import Body
import Testing
import Wire

@testable import Penstock

@Suite struct RequestCodingTests {
  /// The accounts of the table's columns: neither, unpacks, packs, both.
  private static func accounts() throws -> [Account] {
    try [(false, false), (true, false), (false, true), (true, true)].map {
      try Account.at("https://good.com", requestDecompression: $0, requestCompression: $1)
    }
  }

  private func plan(
    _ fields: [String], _ framing: Framing, _ account: Account
  ) -> ResponseCoding.Plan {
    let request = TestRequest(lines: ["POST / HTTP/1.1", "Host: p"] + fields)
    return RequestCoding(request.head, request.bytes.span, framing, account).plan
  }

  /// `+` packs, `-g` and `-d` unpack, `·` leaves.
  private static func plan(_ text: Substring) -> ResponseCoding.Plan? {
    switch text {
    case "+": .encode(.gzip)
    case "-g": .decode(.gzip)
    case "-d": .decode(.deflate)
    case "·": .asIs
    default: nil
    }
  }

  /// Columns: neither, unpacks, packs, both.
  private static let table: [(fields: [String], plans: String)] = [
    ([], "· · + +"),
    (["Content-Encoding: identity"], "· · + +"),
    (["Content-Encoding: Identity, identity"], "· · + +"),
    (["Content-Encoding:"], "· · + +"),
    (["Content-Encoding: , ,"], "· · + +"),
    (["Content-Encoding: gzip"], "· -g · -g"),
    (["content-encoding: X-GZip"], "· -g · -g"),
    (["Content-Encoding: deflate"], "· -d · -d"),
    (["Content-Encoding: identity, gzip"], "· -g · -g"),
    (["Content-Encoding: gzip,identity,"], "· -g · -g"),
    (["Content-Encoding:", "Content-Encoding: gzip"], "· -g · -g"),
    (["Content-Encoding: identity", "Content-Encoding: deflate"], "· -d · -d"),
    // What Penstock does not know, or more than one.
    (["Content-Encoding: br"], "· · · ·"),
    (["Content-Encoding: zstd"], "· · · ·"),
    (["Content-Encoding: gzip;x=y"], "· · · ·"),
    (["Content-Encoding: gzip, gzip"], "· · · ·"),
    (["Content-Encoding: gzip, br"], "· · · ·"),
    (["Content-Encoding: br, gzip"], "· · · ·"),
    (["Content-Encoding: gzip", "Content-Encoding: gzip"], "· · · ·"),
    (["Content-Encoding: deflate", "Content-Encoding: identity, gzip"], "· · · ·"),
    // A range of a representation.
    (["Content-Range: bytes 0-9/99"], "· · · ·"),
    (["Content-Encoding: gzip", "Content-Range: bytes 0-9/99"], "· · · ·"),
    (["content-range:", "Content-Encoding: deflate"], "· · · ·"),
    // None of these is Content-Encoding.
    (["X-Content-Encoding: gzip", "Accept-Encoding: gzip", "Range: bytes=0-9"], "· · + +"),
  ]

  @Test(arguments: table)
  func `a body is coded as its account wants and its head allows`(
    fields: [String], plans: String
  ) throws {
    let plans = try plans.split(separator: " ").map { try #require(Self.plan($0)) }
    try #require(plans.count == 4)
    for (account, expected) in zip(try Self.accounts(), plans) {
      for framing in [Framing.length(256), .length(1 << 40), .chunked] {
        #expect(plan(fields, framing, account) == expected, "\(framing)")
      }
    }
  }

  @Test(
    arguments: [
      (.none, false), (.untilClose, false), (.length(0), false), (.length(1), false),
      (.length(255), false), (.length(256), true), (.chunked, true),
    ] as [(Framing, Bool)])
  func `a plain body that is short, or none, gains nothing by packing`(
    framing: Framing, isPacked: Bool
  ) throws {
    for account in try Self.accounts().dropFirst(2) {
      #expect(plan([], framing, account) == (isPacked ? .encode(.gzip) : .asIs))
    }
  }

  @Test func `a packed body is unpacked however short it is`() throws {
    let account = try Self.accounts()[1]
    for framing in [Framing.length(1), .length(255), .chunked] {
      #expect(plan(["Content-Encoding: gzip"], framing, account) == .decode(.gzip))
    }
  }

  // MARK: What the head says

  @Test(
    arguments: [
      ([], 0, nil), (["gzip"], 1, .gzip), (["deflate"], 1, .deflate), (["br"], 1, nil),
      (["identity"], 0, nil), (["gzip, identity"], 1, .gzip), (["gzip", "gzip"], 2, nil),
      (["gzip, deflate, br"], 3, nil), (["", "deflate"], 1, .deflate),
    ] as [([String], Int, ContentCoding?)])
  func `codings are counted, and the only one is named`(
    values: [String], count: Int, single: ContentCoding?
  ) {
    let lines = values.map { "Content-Encoding: \($0)" }
    let request = TestRequest(lines: ["POST / HTTP/1.1"] + lines)
    let applied = RequestCoding.Applied(request.head, request.bytes.span)
    #expect(applied.count == count)
    #expect(applied.single == single)
    #expect(!applied.isRange)
  }
}
