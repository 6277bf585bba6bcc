/// What a run came to: the counts of all its threads together.
struct RunResult: Sendable {
  let isOpenLoop: Bool
  let durationSeconds: Double
  /// Of the load, without the wait for the last answers: what rates are of.
  let loadSeconds: Double
  /// Whole answers, whatever their status.
  let requests: Int
  let errors: Int
  /// Of successes; see `TargetTally.latency`.
  let latency: Latencies
  /// Of successes, from sending; the same as `latency` in a closed loop.
  let plainLatency: Latencies
  let errorLatency: Latencies
  let sendLag: Latencies
  /// How many answers had which status.
  let codes: [(code: Int, count: Int)]
  /// Each cause, the commonest first.
  let causes: [ErrorTally]
  let targets: [TargetResult]
  let timeline: [TimelineRow]
  let events: EventResult?
  let receivedBytes: Int
  let payloadBytes: Int
  let sentBytes: Int
  let requestsSent: Int
  let connectionsOpened: Int
  /// Of an open loop.
  let planned: Int
  let dropped: Int
  let unanswered: Int
  let interrupted: Int
  /// Of each thread, as a share of one core.
  let cpuShares: [Double]
  /// How long each waited for a core, as a share of the load's time.
  let waitShares: [Double]
  let cpuSeconds: Double
  private let loadAnswers: Int
  private let loadSuccesses: Int

  init(_ plan: RunPlan, _ tallies: [ThreadTally], _ timeline: [TimelineRow]) {
    isOpenLoop = plan.schedule != nil
    self.timeline = timeline
    durationSeconds = Double(tallies.map(\.durationNanoseconds).max() ?? 0) / 1e9
    let loads = tallies.compactMap(\.load)
    loadSeconds = Double(loads.map(\.nanoseconds).max() ?? 0) / 1e9
    loadAnswers = loads.reduce(0) { $0 + $1.answers }
    loadSuccesses = loads.reduce(0) { $0 + $1.successes }
    targets = plan.targets.indices.map { index in
      TargetResult(name: plan.targets[index], tallies.map { $0.targets[index] })
    }
    latency = Self.sum(targets.map(\.latency))
    plainLatency = isOpenLoop ? Self.sum(tallies.map(\.plainLatency)) : latency
    errorLatency = Self.sum(tallies.map(\.errorLatency))
    sendLag = Self.sum(tallies.map(\.sendLag))
    unanswered = tallies.sum(\.unanswered)
    interrupted = tallies.sum(\.interrupted)
    requests = targets.reduce(0) { $0 + $1.requests }
    errors = targets.reduce(0) { $0 + $1.errors } + unanswered
    codes = (0..<600).compactMap { code in
      let count = tallies.sum { $0.codes[code] }
      return count == 0 ? nil : (code, count)
    }
    causes = Self.causes(tallies, codes, unanswered, plan.secrets)
    events = plan.countsEvents ? EventResult(tallies) : nil
    receivedBytes = tallies.sum(\.receivedBytes)
    payloadBytes = tallies.sum(\.payloadBytes)
    sentBytes = tallies.sum(\.sentBytes)
    requestsSent = tallies.sum(\.requestsSent)
    connectionsOpened = tallies.sum(\.connectionsOpened)
    planned = tallies.sum(\.arrivals)
    dropped = tallies.sum(\.arrivalsDropped)
    cpuShares = loads.map { Double($0.time.cpu) / Double(max(1, $0.nanoseconds)) }
    waitShares = loads.map { Double($0.time.wait) / Double(max(1, $0.nanoseconds)) }
    cpuSeconds = Double(tallies.reduce(0) { $0 + $1.cpuNanoseconds }) / 1e9
  }

  var successes: Int { Int(latency.totalCount) }
  /// Whole answers a second while the load lasted.
  var ratePerSecond: Double { rate(loadAnswers) }
  var successesPerSecond: Double { rate(loadSuccesses) }

  private func rate(_ count: Int) -> Double { loadSeconds > 0 ? Double(count) / loadSeconds : 0 }

  private static func causes(
    _ tallies: [ThreadTally], _ codes: [(code: Int, count: Int)], _ unanswered: Int,
    _ secrets: SecretMask
  ) -> [ErrorTally] {
    var causes: [ErrorTally] = []
    for code in codes where code.code >= 400 {
      let example = tallies.lazy.compactMap { $0.example(ofStatus: code.code) }.first
      causes.append(
        ErrorTally(
          cause: "status \(code.code)", count: code.count, example: secrets.masked(example ?? "")))
    }
    for failure in tallies.flatMap(\.failures) {
      if let index = causes.firstIndex(where: { $0.cause == failure.cause }) {
        causes[index].count += failure.count
      } else {
        causes.append(failure)
      }
    }
    if unanswered > 0 {
      causes.append(
        ErrorTally(
          cause: "not answered when the run was over", count: unanswered,
          example: "sent, or still waiting for a free connection"))
    }
    return causes.sorted { $0.count > $1.count }
  }

  static func sum(_ histograms: [Latencies]) -> Latencies {
    var sum = Latencies.ofNanoseconds()
    for histogram in histograms { sum.add(histogram) }
    return sum
  }
}

extension [ThreadTally] {
  func sum(_ count: (ThreadTally) -> Int) -> Int { reduce(0) { $0 + count($1) } }
}
