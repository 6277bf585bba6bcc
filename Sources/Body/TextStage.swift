import Wire

/// Makes the content of a JSON string of a text. What its charset does not have is a fault, and an
/// end within a character is, too.
public final class TextStage: BodyStage {
  private var escaper: TextEscaper

  public init(_ charset: TextEscaper.Charset) { escaper = TextEscaper(charset) }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    if position < input.count, room > 0 {
      guard escaper.process(input, &position, into: &out, room: room) else {
        return .failed(.brokenText)
      }
    }
    return position == input.count ? .needsInput : .full
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    escaper.isWhole ? .needsInput : .failed(.brokenText)
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress { .needsInput }

  public func close() {}
}
