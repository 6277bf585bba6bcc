import Wire

/// Takes a content coding off, and believes nothing: what ends early, does not match its check,
/// has something behind it or grows beyond reason is a fault. One layer; what comes out is not
/// looked at again.
public final class DecodeStage: BodyStage {
  private enum State: Equatable {
    /// In the head of a gzip member.
    case gzipHead
    /// In the first two bytes of `deflate`, which tell whether it is wrapped.
    case firstBytes
    /// Raw after all: the first two bytes are data.
    case firstData
    case data
    case trailer
    /// Behind a gzip member: another one, zeros, or the end.
    case betweenMembers
    /// Zeros behind the last member, as tapes and some servers leave them.
    case padding
    /// Nothing may follow.
    case ended
    case failed(StageFault)
  }

  private let limits: DecodeLimits
  private let pool: CodingPool
  /// Nil once it is given back.
  private var inflater: Inflater?
  private let coding: ContentCoding
  private var state: State

  private var gzipHead = GzipHeader()
  private var memberCount = 1
  private var first: InlineArray<2, UInt8> = [0, 0]
  private var firstCount = 0
  private var checksum: BodyChecksum
  private var trailer: UInt64 = 0
  private var trailerCount = 0
  private var isRaw = false

  /// Bytes taken before the input in hand; with its position it makes all that were taken.
  private var bytesBefore = 0
  private var bytesOut = 0

  /// The inflater comes from the pool, and goes back there.
  public init(
    _ coding: ContentCoding, _ inflater: Inflater, _ pool: CodingPool,
    _ limits: DecodeLimits = DecodeLimits()
  ) {
    self.coding = coding
    self.inflater = inflater
    self.pool = pool
    self.limits = limits
    state = coding == .gzip ? .gzipHead : .firstBytes
    checksum = BodyChecksum(coding)
  }

  deinit { close() }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    let (start, before) = (position, out.count)
    bytesBefore -= start
    let end = before + room
    var progress: StageProgress?
    while progress == nil { progress = step(input, &position, into: &out, end: end) }
    bytesBefore += position
    pool.counts.decodedIn += position - start
    pool.counts.decodedOut += out.count - before
    return progress ?? .needsInput
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let progress = flush(into: &out, room: room)
    if progress != .needsInput { return progress }
    switch state {
    case .betweenMembers, .padding, .ended: return .needsInput
    default: return fail(.truncated)
    }
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress {
    var position = 0
    return process(Span(), &position, into: &out, room: room)
  }

  public func close() {
    guard let inflater else { return }
    self.inflater = nil
    pool.give(inflater)
  }

  // MARK: Steps

  /// Nil when the state has changed, and there is more to do in the new one.
  private func step(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, end: Int
  ) -> StageProgress? {
    switch state {
    case .data: return inflate(input, &position, into: &out, end: end)
    case .firstData: return inflateFirst(into: &out, end: end)
    case .failed(let fault): return .failed(fault)
    default: if position == input.count { return .needsInput }
    }
    switch state {
    case .gzipHead: return takeGzipHead(input, &position)
    case .firstBytes: return takeFirstByte(input, &position)
    case .trailer: return takeTrailerByte(input, &position)
    case .betweenMembers: return beginMember(input[position])
    case .padding: return takePadding(input, &position)
    default: return fail(.malformed)
    }
  }

  private func takeGzipHead(_ input: Span<UInt8>, _ position: inout Int) -> StageProgress? {
    switch gzipHead.take(input, &position, bytesMax: limits.headerBytes) {
    case .incomplete: return .needsInput
    case .malformed: return fail(.malformed)
    case .complete:
      state = .data
      return nil
    }
  }

  /// `deflate` should be wrapped (RFC 1950), and some servers send it raw; browsers and curl take
  /// both, and so it goes here. Of a raw stream the lowest four bits are 8 only where a stored
  /// block's padding is not 0, which nobody writes: such a stream is one in a broken wrapping.
  private func takeFirstByte(_ input: Span<UInt8>, _ position: inout Int) -> StageProgress? {
    first[firstCount] = input[position]
    position += 1
    firstCount += 1
    if firstCount < 2 { return nil }
    firstCount = 0
    if first[0] & 0x0f != 8 {
      isRaw = true
      state = .firstData
      return nil
    }
    let isWhole = (Int(first[0]) << 8 | Int(first[1])) % 31 == 0
    let needsDictionary = first[1] & 0x20 != 0
    guard first[0] >> 4 <= 7, isWhole, !needsDictionary else { return fail(.malformed) }
    state = .data
    return nil
  }

  /// Inflates the two bytes that were read to see what they are.
  private func inflateFirst(into out: inout ByteBuffer, end: Int) -> StageProgress? {
    let bytes = first
    let progress = inflate(bytes.span, &firstCount, into: &out, end: end)
    // The shortest raw stream has two bytes, so what has ended here has taken both.
    if state == .firstData, firstCount == bytes.count {
      state = .data
      return progress == .needsInput ? nil : progress
    }
    return progress
  }

  private func inflate(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, end: Int
  ) -> StageProgress? {
    let before = out.count
    guard let inflater, before < end else { return .full }
    let progress = inflater.inflate(input, &position, into: &out, room: end - before)
    let added = out.count - before
    if added > 0, !isRaw { checksum.add(out.span.extracting(before..<out.count)) }
    bytesOut += added
    let bytesIn = bytesBefore + position
    if bytesOut > limits.ratioAfterBytes, (bytesOut - 1) / limits.ratio >= bytesIn {
      return fail(.expandsTooMuch)
    }
    if bytesOut > limits.bytesMax { return fail(.expandsTooMuch) }
    switch progress {
    case .needsInput: return .needsInput
    case .full: return out.count < end ? nil : .full
    case .malformed: return fail(.malformed)
    case .ended:
      state = isRaw ? .ended : .trailer
      return nil
    }
  }

  private func takeTrailerByte(_ input: Span<UInt8>, _ position: inout Int) -> StageProgress? {
    trailer |= UInt64(input[position]) << UInt64(8 * trailerCount)
    position += 1
    trailerCount += 1
    if trailerCount < checksum.trailerCount { return nil }
    if trailer != checksum.trailer { return fail(.checksum) }
    state = coding == .gzip ? .betweenMembers : .ended
    return nil
  }

  private func beginMember(_ byte: UInt8) -> StageProgress? {
    if byte == 0 {
      state = .padding
      return nil
    }
    if byte != 0x1f { return fail(.malformed) }
    if memberCount >= limits.membersMax { return fail(.expandsTooMuch) }
    memberCount += 1
    inflater?.reset()
    gzipHead = GzipHeader()
    checksum = BodyChecksum(coding)
    trailer = 0
    trailerCount = 0
    state = .gzipHead
    return nil
  }

  private func takePadding(_ input: Span<UInt8>, _ position: inout Int) -> StageProgress? {
    while position < input.count {
      if input[position] != 0 { return fail(.malformed) }
      position += 1
    }
    return .needsInput
  }

  private func fail(_ fault: StageFault) -> StageProgress {
    state = .failed(fault)
    return .failed(fault)
  }
}
