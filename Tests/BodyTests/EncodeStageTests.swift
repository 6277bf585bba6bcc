import Body
import Testing
import Wire

@Suite struct EncodeStageTests {
  /// A head has 10 bytes, a trailer 8, and the library may want a room of 16.
  private static let slack = 40

  @Test(arguments: ContentCoding.allCases, [1, 5, 9])
  func `what is encoded is what was put in`(_ coding: ContentCoding, _ level: Int) throws {
    var random = TestRandom(for: "encode")
    for sample in Sample.allCases {
      let most = sample.bytes(1 << 20, &random)
      for size in Sample.sizes + [most.count] {
        let body = Array(most[..<size])
        let outcome = Feed().run(try encoder(coding, level: level), body)
        let isSame = Oracle.decoded(outcome.bytes, gzip: coding == .gzip) == body
        #expect(isSame, "\(sample) \(size)")
        #expect(outcome.bytes.count < size + size / 50 + 400)
      }
    }
  }

  @Test(arguments: ContentCoding.allCases, [1, 5, 9])
  func `cuts and rooms make no difference to what is read`(_ coding: ContentCoding, _ level: Int)
    throws
  {
    var random = TestRandom(for: "encode, cut")
    for round in 0..<40 {
      let sample = Sample.allCases[round % 4]
      let body = sample.bytes(random.below(random.below(4) == 0 ? 200_000 : 3000), &random)
      var feed = Feed.random(&random, slack: Self.slack)
      feed.flushes = random.below(2) == 0
      let outcome = feed.run(try encoder(coding, level: level), body)
      let isSame = Oracle.decoded(outcome.bytes, gzip: coding == .gzip) == body
      #expect(isSame, "\(round): \(sample) \(body.count) \(feed)")
    }
  }

  @Test(arguments: ContentCoding.allCases)
  func `a body comes byte by byte through every room`(_ coding: ContentCoding) throws {
    var random = TestRandom(for: "encode, rooms")
    for sample in Sample.allCases {
      let body = sample.bytes(1500, &random)
      for room in Array(1...40) + [100, 255, 256, 1023] {
        for pieces in [[1], [Int.max]] {
          let feed = Feed(pieces: pieces, rooms: [room], slack: Self.slack)
          let outcome = feed.run(try encoder(coding), body)
          let isSame = Oracle.decoded(outcome.bytes, gzip: coding == .gzip) == body
          #expect(isSame, "\(sample) room \(room)")
        }
      }
    }
  }

  @Test(arguments: ContentCoding.allCases)
  func `an empty body is a whole encoding of nothing`(_ coding: ContentCoding) throws {
    let outcome = Feed().run(try encoder(coding), [])
    #expect(Oracle.decoded(outcome.bytes, gzip: coding == .gzip) == [])
  }

  @Test func `a head tells nothing of the time and the system`() throws {
    let outcome = Feed().run(try encoder(.gzip), [1])
    #expect(outcome.bytes.prefix(10) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
  }

  @Test(arguments: [1, 5, 9])
  func `after a flush all that was put in can be read`(_ level: Int) throws {
    var random = TestRandom(for: "encode, flush")
    for _ in 0..<30 {
      let stage = try encoder(.gzip, level: level)
      let feed = Feed.random(&random, slack: Self.slack)
      var sent: [UInt8] = []
      var received: [UInt8] = []
      for _ in 0..<6 {
        let body = Sample.allCases[random.below(4)].bytes(1 + random.below(30000), &random)
        sent += body
        received += feed.part(stage, body).bytes
        received += feed.flush(stage).bytes
        let readable = try #require(Oracle.inflated(Array(received.dropFirst(10))))
        let isSame = readable.out == sent
        #expect(isSame)
      }
      received += feed.end(stage).bytes
      let isSame = Oracle.decoded(received, gzip: true) == sent
      #expect(isSame)
      stage.close()
    }
  }

  @Test func `a flush of nothing new says nothing`() throws {
    let stage = try encoder(.gzip)
    #expect(Feed().flush(stage) == Outcome())
    #expect(Feed().part(stage, []) == Outcome())
    var bytes = Feed().part(stage, Array("abc".utf8)).bytes
    bytes += Feed().flush(stage).bytes
    #expect(Feed().flush(stage) == Outcome())
    bytes += Feed().end(stage).bytes
    #expect(Feed().flush(stage) == Outcome())
    #expect(Feed().end(stage) == Outcome())
    #expect(Oracle.decoded(bytes, gzip: true) == Array("abc".utf8))
  }

  @Test func `without room nothing moves`() throws {
    let stage = try encoder(.gzip)
    var out = ByteBuffer()
    var position = 0
    let body: [UInt8] = [1, 2, 3]
    #expect(stage.process(body.span, &position, into: &out, room: 0) == .full)
    #expect(stage.finish(into: &out, room: 0) == .full)
    #expect(position == 0)
    let outCount = out.count
    #expect(outCount == 0)
  }
}
