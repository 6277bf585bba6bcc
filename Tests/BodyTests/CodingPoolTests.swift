import Glibc
import Testing

@testable import Body

@Suite struct CodingPoolTests {
  @Test func `no more contexts are lent than there may be`() throws {
    let pool = CodingPool(contextsMax: 3)
    let deflater = try #require(pool.takeDeflater(level: 1))
    let inflater = try #require(pool.takeInflater())
    _ = try #require(pool.takeDeflater(level: 9))
    #expect(pool.inUse == 3)
    #expect(pool.takeDeflater(level: 1) == nil)
    #expect(pool.takeInflater() == nil)
    pool.give(inflater)
    pool.give(deflater)
    #expect(pool.inUse == 1)
    #expect(pool.takeDeflater(level: 1) === deflater)
    #expect(pool.takeInflater() === inflater)
  }

  @Test func `a context is lent again for its own level only`() throws {
    let pool = CodingPool(contextsMax: 3)
    let fast = try #require(pool.takeDeflater(level: 1))
    pool.give(fast)
    let small = try #require(pool.takeDeflater(level: 9))
    #expect(small !== fast)
    #expect(pool.takeDeflater(level: 1) === fast)
  }

  @Test func `of the idle ones a few are kept`() throws {
    let pool = CodingPool(contextsMax: 10, idleMax: 2)
    var taken = try (0..<10).map { _ in try #require(pool.takeInflater()) }
    let kept = Set(taken.prefix(2).map { ObjectIdentifier($0) })
    for inflater in taken { pool.give(inflater) }
    #expect(pool.inUse == 0)
    taken = []
    let again = try (0..<2).map { _ in try #require(pool.takeInflater()) }
    #expect(Set(again.map { ObjectIdentifier($0) }) == kept)
  }

  @Test func `what has inflated secrets is not lent again`() throws {
    let pool = CodingPool(contextsMax: 1)
    let first = try #require(pool.takeInflater())
    first.holdsSecrets = true
    pool.give(first)
    #expect(pool.inUse == 0)
    let second = try #require(pool.takeInflater())
    #expect(second !== first)
    pool.give(second)
    #expect(pool.takeInflater() === second)
  }

  @Test func `a stage gives its context back once`() throws {
    let pool = CodingPool(contextsMax: 2)
    var encoder: EncodeStage? = EncodeStage(.gzip, try #require(pool.takeDeflater(level: 1)), pool)
    var decoder: DecodeStage? = DecodeStage(.gzip, try #require(pool.takeInflater()), pool)
    #expect(pool.inUse == 2)
    encoder?.close()
    decoder?.close()
    #expect(pool.inUse == 0)
    encoder?.close()
    decoder?.close()
    encoder = nil
    decoder = nil
    #expect(pool.inUse == 0)
  }

  @Test func `a stage that is dropped gives its context back, too`() throws {
    let pool = CodingPool(contextsMax: 2)
    var encoder: EncodeStage? = EncodeStage(.gzip, try #require(pool.takeDeflater(level: 1)), pool)
    var decoder: DecodeStage? = DecodeStage(.gzip, try #require(pool.takeInflater()), pool)
    _ = (encoder, decoder)
    encoder = nil
    decoder = nil
    #expect(pool.inUse == 0)
    _ = (encoder, decoder)
  }

  @Test func `a context is as new after whatever it was used for`() throws {
    var random = TestRandom(for: "contexts used again")
    let pool = CodingPool(contextsMax: 2)
    let other = Sample.mixed.bytes(100_000, &random)
    for round in 0..<60 {
      // Left in the middle, broken, or cut.
      let wreck = EncodeStage(.gzip, try #require(pool.takeDeflater(level: 1)), pool)
      _ = Feed().part(wreck, Array(other[..<random.below(other.count)]))
      if round % 2 == 0 { _ = Feed().flush(wreck) }
      wreck.close()
      let ruin = DecodeStage(
        .gzip, try #require(pool.takeInflater()), pool, DecodeLimits(ratio: .max))
      var bytes = Oracle.gzip(Array(other[..<(1 + random.below(other.count))]))
      if round % 3 > 0 { bytes[random.below(bytes.count)] ^= 0x10 }
      _ = Feed(rooms: [1 + random.below(70000)]).part(ruin, Array(bytes[..<(bytes.count - 9)]))
      ruin.close()

      let body = Sample.allCases[round % 4].bytes(random.below(50000), &random)
      let encoder = EncodeStage(.gzip, try #require(pool.takeDeflater(level: 1)), pool)
      let decoder = DecodeStage(
        .gzip, try #require(pool.takeInflater()), pool, DecodeLimits(ratio: .max))
      let encoded = Feed().run(encoder, body)
      let isSame = Feed().run(decoder, encoded.bytes) == Outcome(bytes: body)
      #expect(isSame, "\(round)")
    }
    #expect(pool.inUse == 0)
  }

  @Test func `without memory there is no context, and no crash`() async {
    await #expect(processExitsWith: .success) {
      var pages = rlimit(rlim_cur: 0, rlim_max: 0)
      guard getrlimit(__rlimit_resource_t(9), &pages) == 0 else { exit(1) }
      pages.rlim_cur = 64 << 20
      let pool = CodingPool(contextsMax: 1 << 20)
      var deflaters: [Deflater] = []
      deflaters.reserveCapacity(1 << 16)
      var inflaters: [Inflater] = []
      inflaters.reserveCapacity(1 << 16)
      // More than the limit is mapped already, so that nothing more can be.
      setrlimit(__rlimit_resource_t(9), &pages)
      while let deflater = pool.takeDeflater(level: 1) { deflaters.append(deflater) }
      while let inflater = pool.takeInflater() { inflaters.append(inflater) }
      guard pool.inUse == deflaters.count + inflaters.count else { exit(2) }
      exit(0)
    }
  }
}
