/// Finds the payload in a message's body, and its end (RFC 9112 §6, §7.1).
///
/// A pull decoder: `next` looks at the bytes from `position` on, moves it, and says what stands
/// there. Payload is never copied. Chunk extensions are checked and dropped; chunks are not kept.
/// Payload that cannot be taken yet is put back and comes again.
public struct BodyDecoder: Sendable {
  private enum State {
    case none
    case length(left: Int)
    case untilClose
    case chunked(ChunkDecoder)
    case ended
  }

  private var state: State
  /// Bytes of payload that were put back: the next ones.
  private var heldBytes = 0

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
    if heldBytes > 0 { return takeHeld(bytes, &position) }
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

  // MARK: Back-pressure

  /// The last `count` bytes of the payload that `next` has just told of could not be taken:
  /// `position` moves back before them, and `next` tells of them again.
  public mutating func putBack(_ count: Int, _ position: inout Int) {
    precondition(heldBytes == 0 && count <= position, "only what was told of is put back")
    heldBytes = count
    position -= count
  }

  /// True while payload waits to be taken again.
  public var holdsPayload: Bool { heldBytes > 0 }

  private mutating func takeHeld(_ bytes: Span<UInt8>, _ position: inout Int) -> BodyEvent {
    let count = min(heldBytes, bytes.count - position)
    if count == 0 { return .needsMore }
    heldBytes -= count
    position += count
    return .payload(count)
  }

  // MARK: Payload that is moved without being looked at

  /// How many of the next bytes are payload and nothing else: what may be moved by the kernel
  /// alone. Int.max where only the end of the connection ends it.
  public var runBytes: Int {
    if heldBytes > 0 { return 0 }
    return switch state {
    case .none, .ended: 0
    case .length(let left): left
    case .untilClose: Int.max
    case .chunked(let chunks): chunks.runBytes
    }
  }

  /// All payload of a body with a length was taken: only its end has not been told yet.
  public var isSpent: Bool {
    if case .length(left: 0) = state { heldBytes == 0 } else { false }
  }

  /// So many bytes of the run were moved without `next`.
  public mutating func skip(_ count: Int) {
    precondition(count <= runBytes, "more was moved than is payload")
    switch state {
    case .none, .ended, .untilClose: break
    case .length(let left): state = .length(left: left - count)
    case .chunked(var chunks):
      chunks.skip(count)
      state = .chunked(chunks)
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

  /// Of a body that is not chunked.
  public static let nothing = ChunkLimits(
    extensionBytes: 0,
    trailers: HeadLimits(
      targetBytes: 0, fieldBytes: 0, fields: 0, fieldNameBytes: 0, fieldValueBytes: 0))

  public init(extensionBytes: Int, trailers: HeadLimits) {
    self.extensionBytes = extensionBytes
    self.trailers = trailers
  }
}
