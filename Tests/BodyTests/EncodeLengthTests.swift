import Body
import Testing
import Wire

/// Encoding a body whose length is known: its last byte ends it, in the same step.
@Suite struct EncodeLengthTests {
  private static let slack = 40

  /// Feeds a whole body, and checks that its last byte was its end.
  private func encoded(
    _ coding: ContentCoding, level: Int = 1, _ body: [UInt8], _ feed: Feed = Feed(slack: slack)
  ) throws -> [UInt8] {
    let stage = try encoder(coding, level: level, length: body.count)
    let outcome = feed.part(stage, body)
    #expect(outcome.fault == nil)
    if body.isEmpty { return feed.end(stage).bytes }
    // One call fewer: the end has nothing to add, nor has a flush.
    #expect(feed.end(stage) == Outcome())
    #expect(feed.flush(stage) == Outcome())
    #expect(feed.end(stage) == Outcome())
    stage.close()
    return outcome.bytes
  }

  @Test(arguments: ContentCoding.allCases, [1, 5, 9])
  func `a body is whole with its last byte, and is what was put in`(
    _ coding: ContentCoding, _ level: Int
  ) throws {
    var random = TestRandom(for: "encode length")
    for sample in Sample.allCases {
      let most = sample.bytes(1 << 20, &random)
      for size in Sample.sizes + [most.count] {
        let body = Array(most[..<size])
        let bytes = try encoded(coding, level: level, body)
        let isSame = Oracle.decoded(bytes, gzip: coding == .gzip) == body
        #expect(isSame, "\(sample) \(size)")
        #expect(bytes.count < size + size / 50 + 400)
      }
    }
  }

  @Test(arguments: ContentCoding.allCases, [1, 5, 9])
  func `cuts and rooms make no difference to what is read`(_ coding: ContentCoding, _ level: Int)
    throws
  {
    var random = TestRandom(for: "encode length, cut")
    for round in 0..<40 {
      let sample = Sample.allCases[round % 4]
      let body = sample.bytes(random.below(random.below(4) == 0 ? 200_000 : 3000), &random)
      var feed = Feed.random(&random, slack: Self.slack)
      feed.flushes = random.below(2) == 0
      let bytes = try encoded(coding, level: level, body, feed)
      let isSame = Oracle.decoded(bytes, gzip: coding == .gzip) == body
      #expect(isSame, "\(round): \(sample) \(body.count) \(feed)")
    }
  }

  @Test(arguments: ContentCoding.allCases)
  func `a body comes whole or byte by byte through every room`(_ coding: ContentCoding) throws {
    var random = TestRandom(for: "encode length, rooms")
    for sample in Sample.allCases {
      let body = sample.bytes(1500, &random)
      for room in Array(1...24) + [32, 40, 100, 255, 256, 1023] {
        for pieces in [[1], [1499, 1], [Int.max]] {
          for flushes in [false, true] {
            var feed = Feed(pieces: pieces, rooms: [room], slack: Self.slack)
            feed.flushes = flushes
            let bytes = try encoded(coding, body, feed)
            let isSame = Oracle.decoded(bytes, gzip: coding == .gzip) == body
            #expect(isSame, "\(sample) room \(room) pieces \(pieces) flushes \(flushes)")
          }
        }
      }
    }
  }

  /// As it is when a slow client takes a little at a time: what was put in before is due while the
  /// last piece is still on its way through.
  @Test(arguments: ContentCoding.allCases, [1, 5, 9])
  func `a flush in the middle of the last piece makes no difference to what is read`(
    _ coding: ContentCoding, _ level: Int
  ) throws {
    var random = TestRandom(for: "encode length, flush")
    for round in 0..<40 {
      let sample = Sample.allCases[round % 4]
      let body = sample.bytes(1 + random.below(random.below(4) == 0 ? 200_000 : 3000), &random)
      var feed = Feed.random(&random, slack: Self.slack)
      if round % 3 == 0 { feed.pieces = [Int.max] }
      feed.flushesWhenFull = true
      let bytes = try encoded(coding, level: level, body, feed)
      let isSame = Oracle.decoded(bytes, gzip: coding == .gzip) == body
      #expect(isSame, "\(round): \(sample) \(body.count) \(feed)")
    }
  }

  @Test(arguments: ContentCoding.allCases)
  func `without a length a flush in the middle of a piece makes no difference, either`(
    _ coding: ContentCoding
  ) throws {
    var random = TestRandom(for: "encode, flush within")
    for round in 0..<40 {
      let sample = Sample.allCases[round % 4]
      let body = sample.bytes(1 + random.below(random.below(4) == 0 ? 200_000 : 3000), &random)
      var feed = Feed.random(&random, slack: Self.slack)
      feed.flushesWhenFull = true
      let outcome = feed.run(try encoder(coding), body)
      let isSame = Oracle.decoded(outcome.bytes, gzip: coding == .gzip) == body
      #expect(isSame, "\(round): \(sample) \(body.count) \(feed)")
    }
  }

  @Test(arguments: [1, 5, 9])
  func `after a flush all that was put in can be read, before the last of it, too`(_ level: Int)
    throws
  {
    var random = TestRandom(for: "encode length, flush")
    for _ in 0..<20 {
      let parts = (0..<4).map { _ in
        Sample.allCases[random.below(4)].bytes(1 + random.below(30000), &random)
      }
      let stage = try encoder(.gzip, level: level, length: parts.joined().count)
      let feed = Feed.random(&random, slack: Self.slack)
      var (sent, received) = ([UInt8](), [UInt8]())
      for part in parts {
        sent += part
        received += feed.part(stage, part).bytes
        received += feed.flush(stage).bytes
        let readable = try #require(Oracle.inflated(Array(received.dropFirst(10))))
        let isSame = readable.out == sent
        #expect(isSame)
        #expect(readable.isEnd == (sent.count == parts.joined().count))
      }
      let isSame = Oracle.decoded(received, gzip: true) == sent
      #expect(isSame)
      stage.close()
    }
  }

  @Test(arguments: ContentCoding.allCases)
  func `a body that is shorter than was told is ended all the same`(_ coding: ContentCoding) throws
  {
    for (length, count) in [(10, 9), (10, 0), (1 << 30, 5000)] {
      let body = [UInt8](repeating: 7, count: count)
      let outcome = Feed(slack: Self.slack).run(try encoder(coding, length: length), body)
      #expect(outcome.fault == nil)
      #expect(Oracle.decoded(outcome.bytes, gzip: coding == .gzip) == body)
    }
  }

  @Test func `an empty body that was told of is a whole encoding of nothing`() throws {
    for coding in ContentCoding.allCases {
      #expect(Oracle.decoded(try encoded(coding, []), gzip: coding == .gzip) == [])
    }
  }

  @Test func `without room nothing moves, the last byte neither`() throws {
    let stage = try encoder(.gzip, length: 3)
    var out = ByteBuffer()
    var position = 0
    let body: [UInt8] = [1, 2, 3]
    #expect(stage.process(body.span, &position, into: &out, room: 0) == .full)
    #expect(position == 0)
    let outCount = out.count
    #expect(outCount == 0)
    #expect(stage.process(body.span, &position, into: &out, room: 1000) == .needsInput)
    #expect(position == 3)
    let bytes = out.withUnsafeBytes { Array($0) }
    #expect(Oracle.decoded(bytes, gzip: true) == body)
  }
}
