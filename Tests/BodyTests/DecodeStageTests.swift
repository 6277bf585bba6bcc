import Body
import Testing
import Wire

@Suite struct DecodeStageTests {

  private static func encodings(_ body: [UInt8], level: Int) -> [(ContentCoding, [UInt8])] {
    [
      (.gzip, Oracle.gzip(body, level: level)), (.deflate, Oracle.wrapped(body, level: level)),
      (.deflate, Oracle.deflated(body, level: level)),
    ]
  }

  @Test(arguments: [0, 1, 6, 9])
  func `every size is decoded whole`(_ level: Int) throws {
    var random = TestRandom(for: "decode")
    for sample in Sample.allCases {
      let most = sample.bytes(1 << 20, &random)
      for size in Sample.sizes + [most.count] {
        let body = Array(most[..<size])
        for (coding, bytes) in Self.encodings(body, level: level) {
          let isSame = try decode(coding, bytes) == Outcome(bytes: body)
          #expect(isSame, "\(sample) \(size) \(coding)")
        }
      }
    }
  }

  @Test(arguments: [0, 1, 6, 9])
  func `cuts and rooms make no difference`(_ level: Int) throws {
    var random = TestRandom(for: "decode, cut")
    for round in 0..<40 {
      let sample = Sample.allCases[round % 4]
      let body = sample.bytes(random.below(random.below(4) == 0 ? 200_000 : 3000), &random)
      for (coding, bytes) in Self.encodings(body, level: level) {
        let feed = Feed.random(&random)
        let isSame = try decode(coding, bytes, feed) == Outcome(bytes: body)
        #expect(isSame, "\(round): \(sample) \(body.count) \(coding) \(feed)")
      }
    }
  }

  @Test(arguments: [0, 1, 9])
  func `a body comes byte by byte through every room`(_ level: Int) throws {
    var random = TestRandom(for: "decode, rooms")
    for sample in Sample.allCases {
      let body = sample.bytes(1500, &random)
      for (coding, bytes) in Self.encodings(body, level: level) {
        for room in Array(1...40) + [255, 256, 1023] {
          for pieces in [[1], [2, 3], [Int.max]] {
            let feed = Feed(pieces: pieces, rooms: [room])
            let isSame = try decode(coding, bytes, feed) == Outcome(bytes: body)
            #expect(isSame, "\(sample) \(coding) room \(room) \(pieces)")
          }
        }
      }
    }
  }

  @Test func `a large body comes byte by byte`() throws {
    var random = TestRandom(for: "decode, byte by byte")
    let body = Sample.mixed.bytes(1 << 18, &random)
    for (coding, bytes) in Self.encodings(body, level: 6) {
      let isSame = try decode(coding, bytes, Feed(pieces: [1])) == Outcome(bytes: body)
      #expect(isSame, "\(coding)")
    }
  }

  @Test func `what ends early is truncated, wherever it ends`() throws {
    var random = TestRandom(for: "decode, truncated")
    let body = Sample.text.bytes(700, &random) + Sample.random.bytes(100, &random)
    for (coding, bytes) in Self.encodings(body, level: 6) {
      for count in 0..<bytes.count {
        for feed in [Feed(), Feed(pieces: [1], rooms: [50])] {
          let outcome = try decode(coding, Array(bytes[..<count]), feed)
          #expect(outcome.fault == .truncated, "\(coding) at \(count)")
          #expect(body.starts(with: outcome.bytes))
        }
      }
    }
  }

  @Test func `a changed byte does not pass where zlib would see it`() throws {
    var random = TestRandom(for: "decode, changed")
    let body = Sample.text.bytes(500, &random)
    for coding in ContentCoding.allCases {
      let bytes = Oracle.encoded(body, gzip: coding == .gzip)
      for index in bytes.indices {
        for bit in 0..<8 {
          var changed = bytes
          changed[index] ^= 1 << UInt8(bit)
          let outcome = try decode(coding, changed)
          // Time, further flags and system mean nothing, nor does the hint that this is text.
          let isInHead = coding == .gzip && ((4...9).contains(index) || index == 3 && bit == 0)
          let isWhole = outcome == Outcome(bytes: body)
          // Some changes are another spelling of the same data, or meet the same Adler-32.
          let oracle = Oracle.decoded(changed, gzip: coding == .gzip)
          #expect(
            isInHead ? isWhole : outcome.fault != nil || outcome.bytes == oracle,
            "\(coding) byte \(index) bit \(bit)")
        }
      }
    }
  }

  @Test func `a changed check is told from broken data`() throws {
    var random = TestRandom(for: "decode, check")
    let body = Sample.text.bytes(500, &random)
    for coding in ContentCoding.allCases {
      let bytes = Oracle.encoded(body, gzip: coding == .gzip)
      for index in bytes.indices.suffix(coding == .gzip ? 8 : 4) {
        var changed = bytes
        changed[index] ^= 0x40
        #expect(try decode(coding, changed).fault == .checksum)
      }
    }
  }

  @Test func `zeros behind the last member are padding`() throws {
    let body = Array("padded".utf8)
    let bytes = Oracle.gzip(body)
    for count in [1, 511, 100_000] {
      let padded = bytes + [UInt8](repeating: 0, count: count)
      for feed in [Feed(), Feed(pieces: [7])] {
        #expect(try decode(.gzip, padded, feed) == Outcome(bytes: body))
        #expect(try decode(.gzip, padded + [1], feed).fault == .malformed)
        #expect(try decode(.gzip, padded + bytes, feed).fault == .malformed)
      }
    }
  }

  @Test func `garbage behind the end is malformed`() throws {
    let body = Array("and then".utf8)
    for garbage: [UInt8] in [[1], [0x8b], Array("HTTP/1.1".utf8), [0xff, 0, 0]] {
      for (coding, bytes) in Self.encodings(body, level: 6) {
        for feed in [Feed(), Feed(pieces: [1])] {
          let outcome = try decode(coding, bytes + garbage, feed)
          #expect(outcome == Outcome(bytes: body, fault: .malformed), "\(coding)")
        }
      }
    }
    #expect(try decode(.deflate, Oracle.wrapped(body) + [0]).fault == .malformed)
    #expect(try decode(.deflate, Oracle.deflated(body) + [0]).fault == .malformed)
    #expect(try decode(.gzip, Oracle.gzip(body) + [0x1f]).fault == .truncated)
  }

  @Test func `what is no encoding at all is malformed`() throws {
    #expect(try decode(.gzip, Array("{\"a\":1}".utf8)).fault == .malformed)
    #expect(try decode(.gzip, Oracle.wrapped([1, 2])).fault == .malformed)
    #expect(try decode(.gzip, [0x1f, 0x8b, 9]).fault == .malformed)
    #expect(try decode(.deflate, Oracle.gzip([1, 2])).fault == .malformed)
    #expect(try decode(.deflate, Array("{\"a\":1}".utf8)).fault != nil)
  }

  @Test func `a wrapping that is broken is not taken for raw data`() throws {
    let bytes = Oracle.wrapped(Array("wrapped".utf8))
    for (first, second): (UInt8, UInt8) in [(0x78, 0x9d), (0x88, 0x1c), (0x78, 0xbb), (0x78, 0x20)]
    {
      #expect(try decode(.deflate, [first, second] + bytes.dropFirst(2)).fault == .malformed)
    }
  }

  @Test func `a coding within a coding stays`() throws {
    let inner = Oracle.gzip(Array("inner".utf8))
    #expect(try decode(.gzip, Oracle.gzip(inner)) == Outcome(bytes: inner))
  }

  @Test func `a failed stage stays failed`() throws {
    let stage = try decoder(.gzip)
    #expect(Feed().part(stage, [1]).fault == .malformed)
    #expect(Feed().part(stage, Oracle.gzip([])).fault == .malformed)
    #expect(Feed().end(stage).fault == .malformed)
  }

  @Test func `without room nothing comes out`() throws {
    let stage = try decoder(.gzip)
    var out = ByteBuffer()
    var position = 0
    let bytes = Oracle.gzip([1, 2, 3])
    #expect(stage.process(bytes.span, &position, into: &out, room: 0) == .full)
    #expect(stage.finish(into: &out, room: 0) == .full)
    let outCount = out.count
    #expect(outCount == 0)
  }
}
