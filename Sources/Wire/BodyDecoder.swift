/// Finds the payload in a message's body, and its end (RFC 9112 §6, §7.1).
///
/// A pull decoder: `next` looks at the bytes from `position` on, moves it, and says what stands
/// there. Payload is never copied. Chunk extensions are checked and dropped; chunks are not kept.
public struct BodyDecoder: Sendable {
  private enum State {
    case none
    case length(left: Int)
    case untilClose
    case chunked(ChunkDecoder)
    case ended
  }

  private var state: State

  public init(_ framing: Framing, _ limits: ChunkLimits) {
    switch framing {
    case .none: state = .none
    case .length(let count): state = count == 0 ? .none : .length(left: count)
    case .chunked: state = .chunked(ChunkDecoder(limits))
    case .untilClose: state = .untilClose
    }
  }

  /// True once `next` has said `.ended`, or where there never was a body.
  public var isEnded: Bool {
    switch state {
    case .none, .ended: true
    case .length, .untilClose, .chunked: false
    }
  }

  /// What stands at `position`, which moves behind it. With `.payload(count)`, the payload is the
  /// last `count` bytes before the new position.
  public mutating func next(_ bytes: Span<UInt8>, _ position: inout Int) -> BodyEvent {
    switch state {
    case .none, .ended:
      state = .ended
      return .ended
    case .length(let left):
      if left == 0 {
        state = .ended
        return .ended
      }
      let count = min(left, bytes.count - position)
      if count == 0 { return .needsMore }
      position += count
      state = .length(left: left - count)
      return .payload(count)
    case .untilClose:
      let count = bytes.count - position
      if count == 0 { return .needsMore }
      position += count
      return .payload(count)
    case .chunked(var chunks):
      let event = chunks.next(bytes, &position)
      state = event == .ended ? .ended : .chunked(chunks)
      return event
    }
  }

  /// The peer ended its side. True where that is the end of the body and nothing is missing.
  public mutating func onInputEnded() -> Bool {
    switch state {
    case .untilClose, .none, .ended:
      state = .ended
      return true
    case .length, .chunked: return false
    }
  }
}

/// What a body decoder found.
public enum BodyEvent: Equatable, Sendable {
  /// All bytes are used up, or a chunk head or trailer line is not yet whole.
  case needsMore
  /// So many bytes of payload, up to the new position.
  case payload(Int)
  /// A trailer field, checked; its slices are of the bytes that were given. Nothing that is not
  /// known to be harmless may be taken for a header (RFC 9110 §6.5.1).
  case trailer(Field)
  /// The body and its trailers are over; what follows belongs to the next message.
  case ended
  case failed(BodyFault)
}

/// What is wrong with a body; each a deed of the peer.
public enum BodyFault: Equatable, Sendable {
  case malformedChunk
  /// Extensions or chunk heads out of all proportion to the payload.
  case chunkOverhead
  case malformedTrailer
  case trailersTooLarge
}

/// The bounds of what a chunked body may carry beside its payload.
public struct ChunkLimits: Sendable {
  /// Of all extensions of a body together.
  public let extensionBytes: Int
  public let trailers: HeadLimits

  public init(extensionBytes: Int, trailers: HeadLimits) {
    self.extensionBytes = extensionBytes
    self.trailers = trailers
  }
}
