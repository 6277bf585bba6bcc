import Testing
import Wire

@testable import Body

/// What came of a body that was fed through a stage.
struct Outcome: Equatable {
  var bytes: [UInt8] = []
  var fault: StageFault?
}

/// Feeds a body through a stage in pieces, and checks what every stage promises.
struct Feed {
  /// The sizes of the pieces, taken in turn and again from the first.
  var pieces = [Int.max]
  /// The room of each call, taken in turn.
  var rooms = [Int.max]
  /// How many bytes more than the room a head or a trailer may take.
  var slack = 0
  /// Whether to flush behind each piece.
  var flushes = false
  /// Whether to flush within a piece, too, where a call had no room for all of it.
  var flushesWhenFull = false

  static func random(_ random: inout TestRandom, slack: Int = 0) -> Feed {
    let pieceMax = [3, 100, 5000, 100_000][random.below(4)]
    let roomMax = [40, 1000, 40000][random.below(3)]
    return Feed(
      pieces: (0..<7).map { _ in 1 + random.below(pieceMax) },
      rooms: (0..<5).map { _ in 1 + random.below(roomMax) }, slack: slack)
  }

  private enum Call {
    case process
    case flush
    case finish
  }

  /// All of the body, and its end.
  func run(_ stage: any BodyStage, _ input: [UInt8]) -> Outcome {
    var outcome = part(stage, input)
    if outcome.fault == nil { outcome = end(stage, outcome) }
    stage.close()
    return outcome
  }

  /// The body, but not its end.
  func part(_ stage: any BodyStage, _ input: [UInt8]) -> Outcome {
    var outcome = Outcome()
    var start = 0
    var turn = 0
    while start < input.count, outcome.fault == nil {
      let piece = min(pieces[turn % pieces.count], input.count - start)
      turn += 1
      call(.process, stage, input[start..<start + piece], &outcome)
      if flushes, outcome.fault == nil { call(.flush, stage, [], &outcome) }
      start += piece
    }
    return outcome
  }

  func flush(_ stage: any BodyStage) -> Outcome {
    var outcome = Outcome()
    call(.flush, stage, [], &outcome)
    return outcome
  }

  func end(_ stage: any BodyStage, _ before: Outcome = Outcome()) -> Outcome {
    var outcome = before
    call(.finish, stage, [], &outcome)
    return outcome
  }

  /// Calls until the stage wants nothing more, with a fresh buffer each time.
  private func call(
    _ call: Call, _ stage: any BodyStage, _ input: ArraySlice<UInt8>, _ outcome: inout Outcome
  ) {
    let bytes = Array(input)
    var position = 0
    var turn = 0
    var stalls = 0
    while true {
      var out = ByteBuffer()
      let room = rooms[turn % rooms.count]
      turn += 1
      let before = position
      let limit = room == .max ? 1 << 40 : room
      let progress =
        switch call {
        case .process: stage.process(bytes.span, &position, into: &out, room: limit)
        case .flush: stage.flush(into: &out, room: limit)
        case .finish: stage.finish(into: &out, room: limit)
        }
      out.withUnsafeBytes { outcome.bytes += $0 }
      if out.count > limit + slack { Issue.record("\(out.count) bytes in a room of \(room)") }
      stalls = out.isEmpty && position == before ? stalls + 1 : 0
      switch progress {
      case .failed(let fault):
        outcome.fault = fault
        return
      case .needsInput:
        if position < bytes.count { Issue.record("wants more and has not taken all") }
        return
      case .full:
        if stalls > 3 {
          Issue.record("does not move")
          return
        }
        if flushesWhenFull, case .process = call { self.call(.flush, stage, [], &outcome) }
      }
    }
  }
}

/// A decoder on a pool of its own; without a bound on the ratio unless limits say so.
func decoder(
  _ coding: ContentCoding, _ limits: DecodeLimits = DecodeLimits(ratio: .max)
) throws -> DecodeStage {
  let pool = CodingPool(contextsMax: 1)
  return DecodeStage(coding, try #require(pool.takeInflater()), pool, limits)
}

/// `length`: of all that is put in, where the stage is told.
func encoder(
  _ coding: ContentCoding, level: Int = 1, length: Int? = nil
) throws -> EncodeStage {
  let pool = CodingPool(contextsMax: 1)
  return EncodeStage(
    coding, try #require(pool.takeDeflater(level: level)), pool, length: length)
}

func decode(
  _ coding: ContentCoding, _ bytes: [UInt8], _ feed: Feed = Feed(),
  _ limits: DecodeLimits = DecodeLimits(ratio: .max)
) throws -> Outcome {
  feed.run(try decoder(coding, limits), bytes)
}
