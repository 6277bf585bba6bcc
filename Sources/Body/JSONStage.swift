import Wire

/// Passes a body unchanged for as long as it is the beginning of one JSON text; no byte behind a
/// fault gets through, and an end before the text's is a fault, too.
public final class JSONStage: BodyStage {
  private var validator: JSONValidator

  /// A container `depthMax + 1` deep is a fault.
  public init(depthMax: Int) { validator = JSONValidator(depthMax: depthMax) }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    let taken = min(max(room, 0), input.count - position)
    let piece = input.extracting(position..<position + taken)
    guard validator.process(piece) else { return .failed(.brokenJSON) }
    out.append(piece)
    position += taken
    return position == input.count ? .needsInput : .full
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    validator.isWhole ? .needsInput : .failed(.brokenJSON)
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress { .needsInput }

  public func close() {}
}
