import Wire

/// Stages one behind the other, which are a stage again.
///
/// Between two of them stands a link, a buffer of a bounded size: a stage runs until its link is
/// full, the ones behind it until it is empty again. So a body of any size passes through a memory
/// that does not depend on it. Pure, as its stages are; used by one thread.
public final class BodyPipeline: BodyStage {
  /// What stands between two stages.
  private final class Link {
    var bytes = ByteBuffer()
  }

  /// What a stage is called for; the ones behind it only process what comes out.
  private enum Call {
    case process
    case flush
    case finish
  }

  private let stages: [any BodyStage]
  /// `links[i]` holds what stage `i` made and stage `i + 1` has not taken.
  private let links: [Link]
  private let linkBytes: Int
  /// The stages before these have done their part of the flush, or of the finish, in hand.
  private var flushed = 0
  private var finished = 0

  /// At least one stage, in the order in which bytes pass.
  public init(_ stages: [any BodyStage], linkBytes: Int = 16 * 1024) {
    precondition(!stages.isEmpty && linkBytes > 0)
    self.stages = stages
    self.linkBytes = linkBytes
    links = (1..<stages.count).map { _ in Link() }
  }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    flushed = 0
    return run(0, .process, input, &position, into: &out, end: out.count + room)
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let end = out.count + room
    while finished < stages.count {
      var position = 0
      let progress = run(finished, .finish, Span(), &position, into: &out, end: end)
      if progress != .needsInput { return progress }
      finished += 1
    }
    return .needsInput
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let end = out.count + room
    while flushed < stages.count {
      var position = 0
      let progress = run(flushed, .flush, Span(), &position, into: &out, end: end)
      if progress != .needsInput { return progress }
      flushed += 1
    }
    flushed = 0
    return .needsInput
  }

  public func close() {
    for stage in stages { stage.close() }
    for link in links { link.bytes.release() }
  }

  /// Calls a stage until it has nothing more, and lets those behind it take what it makes.
  private func run(
    _ index: Int, _ call: Call, _ input: Span<UInt8>, _ position: inout Int,
    into out: inout ByteBuffer, end: Int
  ) -> StageProgress {
    let isLast = index == stages.count - 1
    while true {
      let behind = drain(into: index + 1, &out, end)
      if behind != .needsInput { return behind }
      let progress =
        isLast
        ? perform(index, call, input, &position, into: &out, room: end - out.count)
        : perform(
          index, call, input, &position, into: &links[index].bytes, room: linkBytes)
      if isLast { return progress }
      if progress != .full {
        if case .failed = progress { return progress }
        return drain(into: index + 1, &out, end)
      }
    }
  }

  /// Lets the stages from `index` on take all that stands in their links. When it is `needsInput`,
  /// the links are empty.
  private func drain(into index: Int, _ out: inout ByteBuffer, _ end: Int) -> StageProgress {
    if index >= stages.count { return .needsInput }
    let link = links[index - 1]
    var position = 0
    let progress = run(index, .process, link.bytes.span, &position, into: &out, end: end)
    link.bytes.consume(position)
    return progress
  }

  private func perform(
    _ index: Int, _ call: Call, _ input: Span<UInt8>, _ position: inout Int,
    into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    switch call {
    case .process: stages[index].process(input, &position, into: &out, room: room)
    case .flush: stages[index].flush(into: &out, room: room)
    case .finish: stages[index].finish(into: &out, room: room)
    }
  }
}
