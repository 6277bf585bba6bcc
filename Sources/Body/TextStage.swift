import Wire

/// Makes a text the content of a JSON string.
public final class TextStage: BodyStage {
  private var escaper: TextEscaper
  private var isBroken = false

  public init(_ charset: TextEscaper.Charset) { escaper = TextEscaper(charset) }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    if isBroken { return .failed(.brokenText) }
    let end = out.count + room
    // Most bytes stay one byte: what there is room for is taken until there is little of it.
    while position < input.count, out.count < end {
      let count = min(
        input.count - position, max(1, (end - out.count) / TextEscaper.expansionMax))
      let piece = input.extracting(position..<(position + count))
      position += count
      if !escaper.process(piece, into: &out) {
        isBroken = true
        return .failed(.brokenText)
      }
    }
    return position == input.count ? .needsInput : .full
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    !isBroken && escaper.isWhole ? .needsInput : .failed(.brokenText)
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress { .needsInput }

  public func close() {}
}
