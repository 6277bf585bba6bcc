import Wire

/// What one thread counts. Its own until the thread has ended.
///
/// Successes allocate nothing here; errors may, the first time each.
final class ThreadTally {
  private(set) var targets: [TargetTally]
  /// Of successes: from sending, in open loops; beside it stands the one from the planned time.
  private(set) var plainLatency = Latencies.ofNanoseconds()
  /// How late requests left whose connection was free: the generator's own delay.
  private(set) var sendLag = Latencies.ofNanoseconds()
  /// Of answers of 4xx and 5xx.
  private(set) var errorLatency = Latencies.ofNanoseconds()
  /// Event streams: up to the first event, and between two.
  private(set) var firstEvent = Latencies.ofNanoseconds()
  private(set) var eventGap = Latencies.ofNanoseconds()
  private(set) var codes = [Int](repeating: 0, count: 600)
  private(set) var failures: [ErrorTally] = []
  private(set) var events = 0
  private(set) var payloadBytes = 0
  var receivedBytes = 0
  var sentBytes = 0
  var connectionsOpened = 0
  var requestsSent = 0
  var arrivals = 0
  var arrivalsDropped = 0
  /// Were in flight or waiting when the time to wait for them was over.
  var unanswered = 0
  /// Were in flight or waiting when somebody interrupted the run: no fault of the server's.
  var interrupted = 0
  var streamsCut = 0
  var lastAnswerNanoseconds: Int64 = 0
  var cpuNanoseconds: Int64 = 0
  /// To the last answer, or the load's end.
  var durationNanoseconds: Int64 = 0
  /// What there was when the load ended: nothing was sent any more but what had been planned.
  private(set) var load: LoadTally?
  /// Since the last time that somebody asked: for what is shown while it runs.
  private(set) var interval = IntervalTally()

  private var isOpenLoop: Bool
  private var statusExamples = [ByteBufferBox?](repeating: nil, count: 600)
  private var openExample = 0

  init(targets: Int, isOpenLoop: Bool) {
    self.targets = [TargetTally](repeating: TargetTally(), count: targets)
    self.isOpenLoop = isOpenLoop
  }

  // MARK: Events

  /// A whole answer. `latency` is from the planned time in an open loop, `plain` from sending.
  func onAnswer(target: Int, status: Int, payloadBytes: Int, latency: Int64, plain: Int64) {
    codes[status] &+= 1
    targets[target].answers &+= 1
    self.payloadBytes &+= payloadBytes
    interval.answers &+= 1
    if status >= 400 {
      targets[target].errors &+= 1
      interval.errors &+= 1
      errorLatency.record(nanoseconds: latency)
      return
    }
    targets[target].latency.record(nanoseconds: latency)
    if isOpenLoop { plainLatency.record(nanoseconds: plain) }
    interval.latency.record(nanoseconds: latency)
  }

  /// A request that got no whole answer.
  func onFailure(target: Int, cause: String, example: String) {
    targets[target].errors += 1
    interval.errors += 1
    if let index = failures.firstIndex(where: { $0.cause == cause }) {
      failures[index].count += 1
    } else if failures.count < RunLimits.causes {
      failures.append(ErrorTally(cause: cause, count: 1, example: example))
    }
  }

  /// Rates are of this time: one answer that is late would otherwise lower them at will.
  func onLoadEnd(afterNanoseconds nanoseconds: Int64, _ time: ThreadTime) {
    load = LoadTally(
      nanoseconds: nanoseconds, time: time,
      answers: targets.reduce(0) { $0 + $1.answers },
      successes: targets.reduce(0) { $0 + Int($1.latency.totalCount) })
  }

  func onSent(lag: Int64) { sendLag.record(nanoseconds: lag) }

  func onEvents(_ count: Int, sinceLast nanoseconds: Int64, isFirst: Bool) {
    events += count
    if isFirst {
      firstEvent.record(nanoseconds: nanoseconds)
    } else {
      eventGap.record(nanoseconds: nanoseconds)
    }
    // Events of one read came together.
    for _ in 1..<max(1, count) { eventGap.record(nanoseconds: 0) }
  }

  func takeInterval() -> IntervalTally {
    defer { interval = IntervalTally() }
    return interval
  }

  // MARK: Examples of errors

  func wantsExample(ofStatus status: Int) -> Bool { statusExamples[status] == nil }

  func takesExample(ofStatus status: Int) -> Bool { openExample == status && status != 0 }

  func beginExample(ofStatus status: Int, reason: Span<UInt8>) {
    let box = ByteBufferBox()
    box.bytes.append(decimal: status)
    if !reason.isEmpty { box.bytes.append(0x20) }
    box.bytes.append(reason)
    statusExamples[status] = box
    openExample = status
  }

  func extendExample(by payload: Span<UInt8>) {
    guard let box = statusExamples[openExample] else { return }
    if !box.hasBody {
      box.hasBody = true
      box.bytes.append(": " as StaticString)
    }
    let room = max(0, RunLimits.exampleBytes - box.bytes.count)
    box.bytes.append(payload.extracting(0..<min(room, payload.count)))
    if payload.count >= room { openExample = 0 }
  }

  func endExample() { openExample = 0 }

  /// The first answer of this status, in a line.
  func example(ofStatus status: Int) -> String? {
    statusExamples[status].map { box in
      String(decoding: Array(box.bytes), as: UTF8.self)
        .split(whereSeparator: \.isNewline).joined(separator: " ")
    }
  }
}

/// A buffer in a table.
private final class ByteBufferBox {
  var bytes = ByteBuffer()
  var hasBody = false
}
