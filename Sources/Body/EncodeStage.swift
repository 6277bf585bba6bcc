import Wire

/// Puts a content coding on: a head, deflated data, and the check of what was put in.
public final class EncodeStage: BodyStage {
  private enum State {
    case head
    case data
    /// All is deflated, the trailer written.
    case ended
  }

  private let coding: ContentCoding
  private let pool: CodingPool
  /// Nil once it is given back.
  private var deflater: Deflater?
  private var state = State.head
  private var checksum: BodyChecksum
  /// True exactly when input was taken that no flush has made readable for the peer.
  private var holdsInput = false

  /// The deflater comes from the pool, and goes back there.
  public init(_ coding: ContentCoding, _ deflater: Deflater, _ pool: CodingPool) {
    self.coding = coding
    self.deflater = deflater
    self.pool = pool
    checksum = BodyChecksum(coding)
  }

  deinit { close() }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    guard let deflater, room > 0 else { return .full }
    assert(state != .ended)
    if state == .head, position == input.count { return .needsInput }
    appendHead(to: &out)
    let start = position
    let isDone = deflater.deflate(input, &position, into: &out, room: room, .more)
    if position > start {
      checksum.add(input.extracting(start..<position))
      holdsInput = true
    }
    return isDone ? .needsInput : .full
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    if state == .ended { return .needsInput }
    guard let deflater, room > 0 else { return .full }
    appendHead(to: &out)
    var position = 0
    guard deflater.deflate(Span(), &position, into: &out, room: room, .finish) else {
      return .full
    }
    checksum.appendTrailer(to: &out)
    state = .ended
    return .needsInput
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress {
    guard holdsInput, state != .ended else { return .needsInput }
    guard let deflater, room > 0 else { return .full }
    var position = 0
    guard deflater.deflate(Span(), &position, into: &out, room: room, .flush) else {
      return .full
    }
    holdsInput = false
    return .needsInput
  }

  public func close() {
    guard let deflater else { return }
    self.deflater = nil
    pool.give(deflater)
  }

  /// With nothing in it that tells of time, system or file.
  private func appendHead(to out: inout ByteBuffer) {
    if state != .head { return }
    state = .data
    switch coding {
    case .gzip:
      out.append(0x1f)
      out.append(0x8b)
      out.append(8)
      for _ in 0..<6 { out.append(0) }
      out.append(0xff)
    case .deflate:
      // A window of 32 KiB, the fastest level, and a check that makes it divisible by 31.
      out.append(0x78)
      out.append(0x01)
    }
  }
}
