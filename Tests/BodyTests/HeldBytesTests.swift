import Testing
import Wire

@testable import Body

/// Pipelines that begin with held bytes, and those that more stages come to while they run.
@Suite struct HeldBytesTests {
  private static let slack = 40

  private static let prefix = "{\"data\":\""
  private static let suffix = "\",\"status\":200}"

  /// Puts a text into an envelope.
  private func envelope() -> [any BodyStage] {
    [TextStage(.utf8), affixes(Self.prefix, Self.suffix)]
  }

  private func enveloped(_ text: [UInt8]) -> [UInt8] {
    var out = buffer(Array(Self.prefix.utf8))
    JSONWriter.append(content: text.span, into: &out)
    out.append(Array(Self.suffix.utf8))
    return out.withUnsafeBytes { Array($0) }
  }

  private func feed(_ random: inout TestRandom) -> Feed {
    var feed = Feed.random(&random, slack: Self.slack)
    if random.below(4) == 0 { feed.rooms = [1] }
    feed.flushes = random.below(2) == 0
    feed.flushesWhenFull = random.below(2) == 0
    return feed
  }

  private static let linkSizes = [1, 2, 17, 100, 4096, 16384]

  // MARK: From the beginning

  @Test func `held bytes go in front of the input`() {
    var random = TestRandom(for: "held bytes")
    for linkBytes in Self.linkSizes {
      for _ in 0..<10 {
        let text = Sample.text.bytes(random.below(linkBytes < 100 ? 2000 : 200_000), &random)
        let cut = random.below(min(text.count, 100_000) + 1)
        var held = buffer(Array(text[..<cut]))
        let pipeline = BodyPipeline(envelope(), held: &held, linkBytes: linkBytes)
        let isReleased = held.isEmpty && held.capacity == 0
        #expect(isReleased)
        let feed = feed(&random)
        let isSame = feed.run(pipeline, Array(text[cut...])) == Outcome(bytes: enveloped(text))
        #expect(isSame, "links \(linkBytes), \(cut) of \(text.count), \(feed)")
      }
    }
  }

  @Test func `held bytes need no input, nor the end`() {
    let text = Array("held \"bytes\"".utf8)
    let escaped = Array(enveloped(text).dropLast(Self.suffix.utf8.count))
    for room in [1, 3, 1000] {
      for calls in [["process"], ["flush"], ["process", "flush"], []] {
        var held = buffer(text)
        let pipeline = BodyPipeline(envelope(), held: &held, linkBytes: 2)
        var bytes: [UInt8] = []
        for call in calls {
          var progress = StageProgress.full
          while progress == .full {
            var out = ByteBuffer()
            var position = 0
            progress =
              call == "flush"
              ? pipeline.flush(into: &out, room: room)
              : pipeline.process(Span(), &position, into: &out, room: room)
            out.withUnsafeBytes { bytes += $0 }
          }
          #expect(progress == .needsInput && bytes == escaped)
        }
        bytes += Feed(rooms: [room], slack: 5).end(pipeline).bytes
        #expect(bytes == enveloped(text))
      }
    }
  }

  @Test func `no input is taken while held bytes wait for room`() {
    var held = buffer([UInt8](repeating: 1, count: 100_000))
    let pipeline = BodyPipeline(envelope(), held: &held)
    let input = Array("input".utf8)
    var out = ByteBuffer()
    var position = 0
    while position == 0 {
      let before = out.count
      _ = pipeline.process(input.span, &position, into: &out, room: 10_000)
      #expect(out.count - before <= 10_005)
      #expect(position == 0 || out.count > 600_000)
    }
    #expect(pipeline.process(input.span, &position, into: &out, room: 0) != .failed(.brokenText))
    #expect(position == input.count && out.count == Self.prefix.utf8.count + 600_005)
  }

  @Test func `the memory of held bytes goes with the last of them`() throws {
    let text = [UInt8](repeating: 0x61, count: 100_000)
    var held = buffer(text)
    let pipeline = BodyPipeline([JSONStage(depthMax: 1)], held: &held, linkBytes: 1000)
    #expect(pipeline.memoryBytes == 131072)
    pipeline.close()
    #expect(pipeline.memoryBytes == 0)

    let other = BodyPipeline([try decoder(.gzip)], linkBytes: 1000)
    held.append(text)
    other.append(envelope(), held: &held)
    #expect(other.memoryBytes == 131072)
    #expect(Feed(rooms: [5000], slack: 5).flush(other).bytes.count == 100_009)
    #expect(other.memoryBytes <= 2048)
    let coded = Oracle.gzip([UInt8](repeating: 0x61, count: 1_000_000))
    #expect(Feed(rooms: [5000], slack: 5).part(other, coded).bytes.count == 1_000_000)
    #expect(other.memoryBytes <= 4096)
  }

  @Test func `held bytes may be none`() {
    var held = ByteBuffer()
    held.reserve(1000)
    let pipeline = BodyPipeline(envelope(), held: &held)
    let isReleased = held.capacity == 0
    #expect(isReleased)
    pipeline.append([JSONStage(depthMax: 1)], held: &held)
    let text = Array("text".utf8)
    #expect(Feed().run(pipeline, text) == Outcome(bytes: enveloped(text)))
  }

  @Test func `a fault of held bytes is the pipeline's`() {
    for calls in 0..<3 {
      var held = buffer([0xff])
      let pipeline = BodyPipeline(envelope(), held: &held)
      let outcome =
        switch calls {
        case 0: Feed().part(pipeline, Array("a".utf8))
        case 1: Feed().flush(pipeline)
        default: Feed().end(pipeline)
        }
      #expect(outcome == Outcome(fault: .brokenText))
    }
  }

  // MARK: Appended

  /// Decodes up to a cut, holds what comes out, and then puts it and the rest into an envelope.
  private func appended(
    _ coded: [UInt8], cut: Int, linkBytes: Int, _ before: Feed, _ after: Feed,
    stages: [any BodyStage]
  ) throws -> Outcome {
    let pipeline = BodyPipeline([try decoder(.gzip)], linkBytes: linkBytes)
    let first = before.part(pipeline, Array(coded[..<cut]))
    #expect(first.fault == nil)
    var held = buffer(first.bytes)
    pipeline.append(stages, held: &held)
    let isReleased = held.isEmpty && held.capacity == 0
    #expect(isReleased)
    return after.run(pipeline, Array(coded[cut...]))
  }

  @Test func `stages come to a decoder while it runs`() throws {
    var random = TestRandom(for: "appended stages")
    for linkBytes in Self.linkSizes {
      for _ in 0..<10 {
        let sample: Sample = random.below(2) == 0 ? .text : .zeros
        let text = sample.bytes(random.below(linkBytes < 100 ? 2000 : 100_000), &random)
        let coded = Oracle.gzip(text)
        let cut = random.below(coded.count + 1)
        let feed = feed(&random)
        let outcome = try appended(
          coded, cut: cut, linkBytes: linkBytes, Feed(slack: Self.slack), feed,
          stages: envelope())
        let isSame = outcome == Outcome(bytes: enveloped(text))
        #expect(isSame, "links \(linkBytes), \(cut) of \(coded.count), \(feed)")
      }
    }
  }

  @Test func `stages come to a decoder that is full`() throws {
    let text = [UInt8](repeating: 0x61, count: 200_000)
    let coded = Oracle.gzip(text)
    let pipeline = BodyPipeline([try decoder(.gzip)])
    var held = ByteBuffer()
    var position = 0
    #expect(pipeline.process(coded.span, &position, into: &held, room: 65536) == .full)
    let isFull = held.count == 65536
    #expect(isFull)
    pipeline.append(envelope(), held: &held)
    let rest = Array(coded[position...])
    let outcome = Feed(pieces: [5], rooms: [700, 1], slack: 5).run(pipeline, rest)
    let isSame = outcome == Outcome(bytes: enveloped(text))
    #expect(isSame)
  }

  @Test func `stages come behind the end, and have one of their own`() throws {
    let text = Array("a small answer".utf8)
    for room in [1, 1000] {
      let pipeline = BodyPipeline([try decoder(.gzip)], linkBytes: 3)
      let decoded = Feed().part(pipeline, Oracle.gzip(text))
      #expect(Feed().end(pipeline, decoded) == Outcome(bytes: text))
      var held = buffer(text)
      pipeline.append([JSONStage(depthMax: 1)], held: &held)
      #expect(Feed(rooms: [room]).end(pipeline).fault == .brokenJSON)

      let other = BodyPipeline([try decoder(.gzip)], linkBytes: 3)
      held.append(Feed().part(other, Oracle.gzip(text)).bytes)
      _ = Feed().end(other)
      other.append(envelope(), held: &held)
      let outcome = Feed(rooms: [room], slack: 5).end(other)
      #expect(outcome == Outcome(bytes: enveloped(text)))
    }
  }

  @Test func `stages come more than once`() throws {
    var random = TestRandom(for: "appended stages, twice")
    let text = Sample.text.bytes(50_000, &random)
    let coded = Oracle.gzip(text)
    let pipeline = BodyPipeline([try decoder(.gzip)], linkBytes: 100)
    let feed = Feed(rooms: [300], slack: Self.slack, flushes: true)
    var held = buffer(feed.part(pipeline, Array(coded[..<500])).bytes)
    pipeline.append(envelope(), held: &held)
    held.append(feed.part(pipeline, Array(coded[500..<1000])).bytes)
    pipeline.append([try encoder(.gzip)], held: &held)
    let outcome = feed.run(pipeline, Array(coded[1000...]))
    let isSame = Oracle.decoded(outcome.bytes, gzip: true) == enveloped(text)
    #expect(outcome.fault == nil && isSame)
  }

  @Test func `a flush passes held bytes through stages that hold back`() throws {
    let text = Array("flushed".utf8)
    let pipeline = BodyPipeline([try decoder(.gzip)], linkBytes: 3)
    let coded = Oracle.gzip(text)
    var held = buffer(Feed().part(pipeline, coded).bytes)
    pipeline.append(envelope() + [try encoder(.deflate)], held: &held)
    let feed = Feed(rooms: [10], slack: Self.slack)
    let flushed = feed.flush(pipeline).bytes
    let readable = try #require(Oracle.inflated(Array(flushed.dropFirst(2))))
    #expect(readable.out == Array(enveloped(text).dropLast(Self.suffix.utf8.count)))
    #expect(feed.flush(pipeline) == Outcome())
    let all = flushed + feed.end(pipeline).bytes
    #expect(Oracle.decoded(all, gzip: false) == enveloped(text))
  }
}
