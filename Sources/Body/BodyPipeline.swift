import Wire

/// Stages one behind the other, which are a stage again.
///
/// In front of each stands a link, a buffer of a bounded size: a stage runs until the link behind
/// it is full, the ones behind it until it is empty again. So a body of any size passes through a
/// memory that does not depend on it. A link may begin with held bytes, those that were looked at
/// before it was clear which stages come; they are bounded by whoever held them, and their memory
/// goes with the last of them. Pure, as its stages are; used by one thread.
public final class BodyPipeline: BodyStage {
  /// What stands in front of a stage.
  private final class Link {
    var bytes = ByteBuffer()
    /// True exactly while held bytes are left, with whatever has come behind them.
    var hasHeld = false

    /// Takes over the bytes and their memory.
    func hold(_ held: inout ByteBuffer) {
      assert(bytes.isEmpty)
      hasHeld = !held.isEmpty
      if hasHeld { swap(&bytes, &held) }
      held.release()
    }

    func consume(_ count: Int) {
      bytes.consume(count)
      if hasHeld, bytes.isEmpty {
        bytes.release()
        hasHeld = false
      }
    }
  }

  /// What a stage is called for; the ones behind it only process what comes out.
  private enum Call {
    case process
    case flush
    case finish
  }

  private var stages: [any BodyStage]
  /// `links[i]` holds what stage `i` has not taken of what stage `i - 1` made. In front of the
  /// first there are held bytes only: what is not taken of the input stays with the caller.
  private var links: [Link]
  private let linkBytes: Int
  /// The stages before these have done their part of the flush, or of the finish, in hand.
  private var flushed = 0
  private var finished = 0

  /// Bytes of memory that the links hold.
  var memoryBytes: Int { links.reduce(0) { $0 + $1.bytes.capacity } }

  /// At least one stage, in the order in which bytes pass.
  public init(_ stages: [any BodyStage], linkBytes: Int = 16 * 1024) {
    precondition(!stages.isEmpty && linkBytes > 0)
    self.stages = stages
    self.linkBytes = linkBytes
    links = stages.map { _ in Link() }
  }

  /// The first stage gets the held bytes before any input; `held` is left empty, without memory.
  public convenience init(
    _ stages: [any BodyStage], held: inout ByteBuffer, linkBytes: Int = 16 * 1024
  ) {
    self.init(stages, linkBytes: linkBytes)
    links[0].hold(&held)
  }

  /// Puts more stages behind those that there are, also when these have ended: then the end has
  /// not been reached any more. `held` is what came out of them up to now and went no further; the
  /// first of the new stages gets it before anything else. It is left empty, without memory.
  public func append(_ more: [any BodyStage], held: inout ByteBuffer) {
    precondition(!more.isEmpty)
    let first = links.count
    stages += more
    links += more.map { _ in Link() }
    links[first].hold(&held)
  }

  public func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress {
    flushed = 0
    return call(0, .process, input, &position, into: &out, end: out.count + room)
  }

  public func finish(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let end = out.count + room
    while finished < stages.count {
      var position = 0
      let progress = call(finished, .finish, Span(), &position, into: &out, end: end)
      if progress != .needsInput { return progress }
      finished += 1
    }
    return .needsInput
  }

  public func flush(into out: inout ByteBuffer, room: Int) -> StageProgress {
    let end = out.count + room
    while flushed < stages.count {
      var position = 0
      let progress = call(flushed, .flush, Span(), &position, into: &out, end: end)
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

  /// Calls a stage for what is asked of it, once it has taken the held bytes in front of it.
  private func call(
    _ index: Int, _ call: Call, _ input: Span<UInt8>, _ position: inout Int,
    into out: inout ByteBuffer, end: Int
  ) -> StageProgress {
    if links[index].hasHeld {
      let progress = drain(into: index, &out, end)
      if progress != .needsInput { return progress }
    }
    return run(index, call, input, &position, into: &out, end: end)
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
    link.consume(position)
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
