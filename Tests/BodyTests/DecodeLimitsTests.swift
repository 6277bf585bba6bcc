import Body
import Testing
import Wire

@Suite struct DecodeLimitsTests {
  private static let usual = DecodeLimits()

  @Test func `members follow each other, up to the limit`() throws {
    for count in [2, 3, 1023, 1024] {
      let bodies = (0..<count).map { Array("member \($0),".utf8) }
      let bytes = bodies.flatMap { Oracle.gzip($0) }
      for feed in [Feed(), Feed(pieces: [1]), Feed(pieces: [13, 1, 50], rooms: [1, 7, 100])] {
        let isSame =
          try decode(.gzip, bytes, feed, Self.usual) == Outcome(bytes: bodies.flatMap { $0 })
        #expect(isSame, "\(count) members")
      }
    }
  }

  @Test func `one member more than the limit is refused`() throws {
    let bytes = (0..<1025).flatMap { _ in Oracle.gzip([1]) }
    let outcome = try decode(.gzip, bytes, Feed(), Self.usual)
    #expect(outcome == Outcome(bytes: Array(repeating: 1, count: 1024), fault: .expandsTooMuch))
  }

  @Test func `a flood of empty members is refused at the limit`() throws {
    let member = Oracle.gzip([])
    let stage = try decoder(.gzip, Self.usual)
    var members = 0
    while members < 1_000_000, Feed().part(stage, member).fault == nil { members += 1 }
    #expect(members == 1024)
    #expect(Feed().end(stage).fault == .expandsTooMuch)
  }

  @Test func `a member that is cut is truncated, however many were whole`() throws {
    let bytes = Oracle.gzip([1]) + Oracle.gzip([2]).dropLast()
    #expect(try decode(.gzip, bytes) == Outcome(bytes: [1, 2], fault: .truncated))
  }

  @Test(arguments: ContentCoding.allCases)
  func `a bomb is refused before it has gone off`(_ coding: ContentCoding) throws {
    let bytes = Oracle.encoded(
      [UInt8](repeating: 0, count: 10 << 20), gzip: coding == .gzip)
    for pieces in [[Int.max], [100], [1]] {
      for rooms in [[Int.max], [16384], [1000]] {
        let outcome = try decode(coding, bytes, Feed(pieces: pieces, rooms: rooms), Self.usual)
        #expect(outcome.fault == .expandsTooMuch)
        #expect(outcome.bytes.count < 65536 * 3, "\(outcome.bytes.count)")
      }
    }
  }

  @Test func `a bomb's output never outgrows its room`() throws {
    let bytes = Oracle.gzip([UInt8](repeating: 0, count: 10 << 20))
    let stage = try decoder(.gzip)
    var out = ByteBuffer()
    var position = 0
    var total = 0
    while stage.process(bytes.span, &position, into: &out, room: 5000 - out.count) == .full {
      let (count, capacity) = (out.count, out.capacity)
      #expect(count <= 5000)
      #expect(capacity <= 8192)
      total += count
      out.removeAll()
    }
    total += out.count
    #expect(total == 10 << 20)
  }

  @Test func `many bombs in one body are one bomb`() throws {
    let bomb = Oracle.gzip([UInt8](repeating: 0, count: 60000))
    let bytes = (0..<100).flatMap { _ in bomb }
    #expect(try decode(.gzip, bytes, Feed(), Self.usual).fault == .expandsTooMuch)
  }

  @Test func `little output may have any ratio`() throws {
    let body = [UInt8](repeating: 0, count: 65536)
    #expect(try decode(.gzip, Oracle.gzip(body), Feed(), Self.usual) == Outcome(bytes: body))
    let more = body + [0]
    #expect(try decode(.gzip, Oracle.gzip(more), Feed(), Self.usual).fault == .expandsTooMuch)
  }

  @Test func `honest text passes`() throws {
    var random = TestRandom(for: "honest text")
    let body = Sample.text.bytes(1 << 20, &random)
    let bytes = Oracle.gzip(body, level: 9)
    for _ in 0..<10 {
      let isSame =
        try decode(.gzip, bytes, Feed.random(&random), Self.usual) == Outcome(bytes: body)
      #expect(isSame)
    }
  }
}
