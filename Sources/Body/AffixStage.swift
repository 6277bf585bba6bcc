import Wire

/// Puts bytes in front of a body and behind it.
public final class AffixStage: BodyStage {
  private var prefix: ByteBuffer
  private var suffix: ByteBuffer

  /// Both may be of any length; they are given out as there is room.
  public init(prefix: consuming ByteBuffer, suffix: consuming ByteBuffer) {
    self.prefix = prefix
    self.suffix = suffix
  }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    let end = out.count + room
    Self.move(&prefix, into: &out, end: end)
    let count = min(max(end - out.count, 0), input.count - position)
    out.append(input.extracting(position..<(position + count)))
    position += count
    return position == input.count && prefix.isEmpty ? .needsInput : .full
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let end = out.count + room
    Self.move(&prefix, into: &out, end: end)
    Self.move(&suffix, into: &out, end: end)
    return suffix.isEmpty ? .needsInput : .full
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress {
    Self.move(&prefix, into: &out, end: out.count + room)
    return prefix.isEmpty ? .needsInput : .full
  }

  public func close() {}

  private static func move(_ affix: inout ByteBuffer, into out: inout ByteBuffer, end: Int) {
    let count = min(affix.count, max(end - out.count, 0))
    if count == 0 { return }
    out.append(affix.span.extracting(0..<count))
    affix.consume(count)
  }
}
