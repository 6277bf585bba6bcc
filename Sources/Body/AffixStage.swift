import Wire

/// Passes a body unchanged, between two texts of its own: the first goes in front of the first
/// byte, or of the end where there is none, the second behind the end.
public final class AffixStage: BodyStage {
  /// What is left of them to be given out.
  private var prefix: ByteBuffer
  private var suffix: ByteBuffer

  public init(prefix: consuming ByteBuffer, suffix: consuming ByteBuffer) {
    self.prefix = prefix
    self.suffix = suffix
  }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    if position == input.count { return .needsInput }
    let end = out.count + room
    guard Self.move(&prefix, into: &out, end: end) else { return .full }
    let taken = max(0, min(end - out.count, input.count - position))
    out.append(input.extracting(position..<position + taken))
    position += taken
    return position == input.count ? .needsInput : .full
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let end = out.count + room
    let isWhole =
      Self.move(&prefix, into: &out, end: end) && Self.move(&suffix, into: &out, end: end)
    return isWhole ? .needsInput : .full
  }

  /// What of the prefix is left waits for the input that it goes in front of.
  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress { .needsInput }

  public func close() {
    prefix.release()
    suffix.release()
  }

  /// Gives out what there is room for; true when that was all of it.
  private static func move(
    _ affix: inout ByteBuffer, into out: inout ByteBuffer, end: Int
  ) -> Bool {
    let moved = max(0, min(affix.count, end - out.count))
    out.append(affix.span.extracting(0..<moved))
    affix.consume(moved)
    if !affix.isEmpty { return false }
    affix.release()
    return true
  }
}
