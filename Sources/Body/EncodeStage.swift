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
  /// Bytes that are still to come in; nil where nobody knows.
  private var inputLeft: Int?
  /// True exactly when input was taken that no flush has made readable for the peer.
  private var holdsInput = false

  /// The deflater comes from the pool, and goes back there.
  /// `length`: of the whole input, where it is known. The last of it is then deflated as such, in
  /// one step, and nothing is kept for input that will not come.
  public init(
    _ coding: ContentCoding, _ deflater: Deflater, _ pool: CodingPool, length: Int? = nil
  ) {
    inputLeft = length
    self.coding = coding
    self.deflater = deflater
    self.pool = pool
    checksum = BodyChecksum(coding)
  }

  deinit { close() }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    let (start, before) = (position, out.count)
    defer {
      pool.counts.encodedIn += position - start
      pool.counts.encodedOut += out.count - before
    }
    if state == .ended {
      assert(position == input.count, "more input than was told of")
      return .needsInput
    }
    guard let deflater, room > 0 else { return .full }
    if state == .head, position == input.count { return .needsInput }
    appendHead(to: &out)
    let isLast = inputLeft == input.count - start
    let isDone = deflater.deflate(
      input, &position, into: &out, room: room, isLast ? .finish : .more)
    if position > start {
      checksum.add(input.extracting(start..<position))
      inputLeft = inputLeft.map { $0 - (position - start) }
      holdsInput = true
    }
    if !isDone { return .full }
    if isLast { end(&out) }
    return .needsInput
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let before = out.count
    defer { pool.counts.encodedOut += out.count - before }
    if state == .ended { return .needsInput }
    guard let deflater, room > 0 else { return .full }
    appendHead(to: &out)
    var position = 0
    guard deflater.deflate(Span(), &position, into: &out, room: room, .finish) else {
      return .full
    }
    end(&out)
    return .needsInput
  }

  private func end(_ out: inout ByteBuffer) {
    checksum.appendTrailer(to: &out)
    state = .ended
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let before = out.count
    defer { pool.counts.encodedOut += out.count - before }
    // Behind the last input a flush would stand behind the last block.
    guard holdsInput, state != .ended, inputLeft != 0 else { return .needsInput }
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
