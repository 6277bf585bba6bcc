import Wire

/// Stages one behind the other, which are a stage again.
///
/// Between two of them stands a link, a buffer of a bounded size: a stage runs until its link is
/// full, the ones behind it until it is empty again. So a body of any size passes through a memory
/// that does not depend on it. Pure, as its stages are; used by one thread.
///
/// Stages may be added behind the others in the middle of a body, for what it is may show only
/// then: what was held back until it did comes first.
public final class BodyPipeline: BodyStage {
  /// What stands between two stages.
  private final class Link {
    var bytes = ByteBuffer()

    func take(_ held: inout ByteBuffer) {
      swap(&bytes, &held)
    }
  }

  /// What a stage is called for; the ones behind it only process what comes out.
  private enum Call {
    case process
    case flush
    case finish
  }

  private var stages: [any BodyStage]
  /// `links[i]` stands in front of stage `i`, and holds what it has not taken: of what the stage
  /// before it made, or of what was held back.
  private var links: [Link]
  private let linkBytes: Int
  /// The stages before these have done their part of the flush, or of the finish, in hand.
  private var flushed = 0
  private var finished = 0

  /// At least one stage, in the order in which bytes pass.
  public init(_ stages: [any BodyStage], linkBytes: Int = 16 * 1024) {
    precondition(!stages.isEmpty && linkBytes > 0)
    self.stages = stages
    self.linkBytes = linkBytes
    links = stages.map { _ in Link() }
  }

  /// Begins with bytes that were held back, which come before all input. `held` is empty after it.
  public convenience init(_ stages: [any BodyStage], held: inout ByteBuffer) {
    self.init(stages)
    links[0].take(&held)
  }

  /// Adds stages behind the others, in the middle of a body. `held`: what those have given out and
  /// nobody has used; it comes before what they give out from now on. `held` is empty after it.
  public func append(_ added: [any BodyStage], held: inout ByteBuffer) {
    precondition(finished < stages.count, "the body has ended")
    let index = stages.count
    stages += added
    links += added.map { _ in Link() }
    links[index].take(&held)
    flushed = 0
  }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    flushed = 0
    let end = out.count + room
    let first = drainHeld(&out, end)
    if first != .needsInput { return first }
    return run(0, .process, input, &position, into: &out, end: end)
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let end = out.count + room
    let first = drainHeld(&out, end)
    if first != .needsInput { return first }
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
    let first = drainHeld(&out, end)
    if first != .needsInput { return first }
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
          index, call, input, &position, into: &links[index + 1].bytes, room: linkBytes)
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
    let link = links[index]
    var position = 0
    let progress = run(index, .process, link.bytes.span, &position, into: &out, end: end)
    link.bytes.consume(position)
    return progress
  }

  /// Lets the first stage take what was held back for it.
  private func drainHeld(_ out: inout ByteBuffer, _ end: Int) -> StageProgress {
    links[0].bytes.isEmpty ? .needsInput : drain(into: 0, &out, end)
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
