import Body
import Testing
import Wire

@Suite struct BodyPipelineTests {
  private static let slack = 40

  private static func pipeline(_ names: [String], linkBytes: Int) throws -> BodyPipeline {
    let stages: [any BodyStage] = try names.map { name in
      switch name {
      case "gzip": try encoder(.gzip)
      case "deflate": try encoder(.deflate)
      case "gunzip": try decoder(.gzip)
      default: try decoder(.deflate)
      }
    }
    return BodyPipeline(stages, linkBytes: linkBytes)
  }

  @Test func `encoded and decoded again is the same, whatever the links`() throws {
    var random = TestRandom(for: "pipelines")
    let chains = [
      ["gzip", "gunzip"], ["deflate", "inflate"], ["gzip", "gunzip", "gzip"],
      ["gzip", "deflate", "inflate", "gunzip"],
    ]
    for linkBytes in [1, 2, 17, 100, 4096, 16384] {
      for names in chains {
        for _ in 0..<2 {
          let sample = Sample.allCases[random.below(4)]
          let body = sample.bytes(random.below(linkBytes < 100 ? 3000 : 100_000), &random)
          var feed = Feed.random(&random, slack: Self.slack)
          feed.flushes = random.below(2) == 0
          let outcome = feed.run(try Self.pipeline(names, linkBytes: linkBytes), body)
          #expect(outcome.fault == nil)
          let out =
            names.count == 3 ? Oracle.decoded(outcome.bytes, gzip: true) : outcome.bytes
          let isSame = out == body
          #expect(isSame, "\(names) links \(linkBytes) \(sample) \(body.count) \(feed)")
        }
      }
    }
  }

  @Test func `one stage alone is that stage`() throws {
    let body = Array("alone".utf8)
    let alone = Feed().run(try encoder(.gzip), body)
    #expect(Feed().run(try Self.pipeline(["gzip"], linkBytes: 1), body) == alone)
  }

  @Test func `an empty body passes`() throws {
    for linkBytes in [1, 1000] {
      let outcome = Feed().run(try Self.pipeline(["gzip", "gunzip"], linkBytes: linkBytes), [])
      #expect(outcome == Outcome())
    }
  }

  @Test func `a flush passes through all stages`() throws {
    var random = TestRandom(for: "pipelines, flush")
    let pipeline = try Self.pipeline(["gzip", "gunzip", "deflate"], linkBytes: 50)
    let feed = Feed(pieces: [99], rooms: [30], slack: Self.slack)
    var sent: [UInt8] = []
    var received: [UInt8] = []
    for _ in 0..<5 {
      let body = Sample.text.bytes(2000, &random)
      sent += body
      received += feed.part(pipeline, body).bytes + feed.flush(pipeline).bytes
      let readable = try #require(Oracle.inflated(Array(received.dropFirst(2))))
      let isSame = readable.out == sent
      #expect(isSame)
    }
    #expect(feed.flush(pipeline) == Outcome())
    received += feed.end(pipeline).bytes
    let isSame = Oracle.decoded(received, gzip: false) == sent
    #expect(isSame)
    pipeline.close()
  }

  @Test func `a fault of any stage is the pipeline's`() throws {
    let good = Oracle.gzip(Array("good".utf8))
    for names in [["gunzip", "gzip"], ["deflate", "inflate", "gunzip"]] {
      for linkBytes in [1, 1000] {
        let bad = try Self.pipeline(names, linkBytes: linkBytes)
        #expect(Feed().run(bad, good + [7]).fault == .malformed)
        let cut = try Self.pipeline(names, linkBytes: linkBytes)
        #expect(Feed().run(cut, Array(good.dropLast())).fault == .truncated)
      }
    }
  }

  @Test func `a bomb waits in no link`() throws {
    let bomb = Oracle.gzip([UInt8](repeating: 0, count: 10 << 20))
    let pipeline = try Self.pipeline(["gunzip", "deflate"], linkBytes: 1000)
    let outcome = Feed(rooms: [100], slack: Self.slack).run(pipeline, bomb)
    #expect(Oracle.decoded(outcome.bytes, gzip: false)?.count == 10 << 20)
  }
}
