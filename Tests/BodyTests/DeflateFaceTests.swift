import CSystem
import Testing

@testable import Body

/// The library that the stages use, beside zlib.
@Suite struct DeflateFaceTests {
  @Test func `sums are those of zlib, whole and in parts`() {
    var random = TestRandom(for: "sums")
    for size in [0, 1, 15, 16, 17, 255, 5551, 5552, 5553, 70000] {
      let bytes = Sample.random.bytes(size, &random)
      let cut = random.below(size + 1)
      let (head, tail) = (bytes.span.extracting(0..<cut), bytes.span.extracting(cut..<size))
      #expect(DeflateLibrary.crc32(0, bytes.span) == Oracle.crc32(bytes))
      #expect(DeflateLibrary.crc32(DeflateLibrary.crc32(0, head), tail) == Oracle.crc32(bytes))
      #expect(DeflateLibrary.adler32(1, bytes.span) == Oracle.adler32(bytes))
      #expect(
        DeflateLibrary.adler32(DeflateLibrary.adler32(1, head), tail) == Oracle.adler32(bytes))
    }
  }

  @Test func `the data's end is found to the byte, however it is cut and drained`() throws {
    var random = TestRandom(for: "end of data")
    for round in 0..<300 {
      let body = Sample.allCases[round % 4].bytes(random.below(round < 250 ? 300 : 80000), &random)
      let data = Oracle.deflated(body, level: [0, 1, 6, 9][random.below(4)])
      let behind = Sample.random.bytes(random.below(20), &random)
      let outcome = try inflate(data + behind, &random)
      let isSame = outcome.out == body
      #expect(isSame, "\(round)")
      #expect(outcome.taken == data.count, "\(round)")
    }
  }

  /// ISA-L writes before it sees that a distance leads too far back. Found by `InflateFuzz`.
  @Test func `broken data brings nothing of another body to light`() throws {
    let pool = CodingPool(contextsMax: 1)
    let secret = [UInt8](repeating: 0x53, count: 5000)
    let data: [UInt8] = [0xc1, 0x0a] + [UInt8](repeating: 0xc1, count: 15)
    let before = DecodeStage(.deflate, try #require(pool.takeInflater()), pool)
    #expect(Feed().run(before, Oracle.wrapped(secret)) == Outcome(bytes: secret))
    let stage = DecodeStage(.deflate, try #require(pool.takeInflater()), pool)
    let outcome = Feed().run(stage, [0x78, 0x9c] + data)
    #expect(outcome.fault == .malformed)
    #expect(!outcome.bytes.contains(0x53))
    #expect(outcome.bytes.count <= 1)
  }

  /// Inflates in random pieces and rooms. What is not taken is offered again.
  private func inflate(_ bytes: [UInt8], _ random: inout TestRandom) throws -> (
    out: [UInt8], taken: Int
  ) {
    let context = try #require(DeflateLibrary.makeInflate())
    defer { DeflateLibrary.freeInflate(context) }
    let pieceMax = [2, 9, 100, 100_000][random.below(4)]
    let roomMax = [2, 9, 300, 100_000][random.below(4)]
    var out: [UInt8] = []
    var room = [UInt8](repeating: 0, count: roomMax)
    var position = 0
    var turns = 0
    while turns < 1_000_000 {
      turns += 1
      let piece = [UInt8](bytes[position..<min(bytes.count, position + random.below(pieceMax))])
      var taken = piece.count
      var written = 1 + random.below(roomMax)
      let result = DeflateLibrary.inflate(context, piece, &taken, &room, &written)
      position += taken
      out += room[..<written]
      if result == CS_INFLATE_END { return (out, position) }
      if result == CS_DEFLATE_BROKEN { return (out, -1) }
    }
    return (out, -2)
  }
}
