import Wire

/// Lets bytes pass as they are for as long as they are one JSON text.
public final class JSONStage: BodyStage {
  private var validator: JSONValidator
  private var isBroken = false

  /// `depthMax`: how deep containers may be nested.
  public init(depthMax: Int) { validator = JSONValidator(depthMax: depthMax) }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    if isBroken { return .failed(.brokenJSON) }
    let end = position + min(max(room, 0), input.count - position)
    let piece = input.extracting(position..<end)
    position = end
    if !validator.process(piece) {
      isBroken = true
      return .failed(.brokenJSON)
    }
    out.append(piece)
    return end == input.count ? .needsInput : .full
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    !isBroken && validator.isWhole ? .needsInput : .failed(.brokenJSON)
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress { .needsInput }

  public func close() {}
}
