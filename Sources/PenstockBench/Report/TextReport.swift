/// A run's report for people, with what was asked for first.
struct TextReport {
  let plan: RunPlan
  let result: RunResult
  let outcomes: [Thresholds.Outcome]
  let verdict: Verdict

  var text: String {
    var lines = outcomes.map { "\($0.isMet ? "✓" : "✗") \($0.flag): \($0.measured)" }
    if !lines.isEmpty { lines.append("") }
    lines += [load, ""]
    lines += counts
    lines += errors
    lines += latencies
    lines += events
    lines += targets
    lines.append("")
    lines += generator
    return lines.joined(separator: "\n") + "\n"
  }

  private var load: String {
    let connections =
      "\(Figure.count(plan.connections, "connection")), \(Figure.count(plan.threads, "thread"))"
    guard let schedule = plan.schedule else { return "closed loop, " + connections }
    let first = Figure.rate(schedule.firstRate)
    let rate =
      schedule.isRamp
      ? "\(first) to \(Figure.rate(schedule.lastRate)) requests a second in "
        + Figure.seconds(Double(schedule.rampNanoseconds) / 1e9)
      : "\(first) requests a second"
    return "open loop, \(rate), " + connections
  }

  private var counts: [String] {
    var lines = [
      row(
        "requests",
        "\(Figure.count(result.requests)) in \(Figure.seconds(result.durationSeconds)), "
          + "\(Figure.rate(result.ratePerSecond)) a second"),
      row("successes", Figure.count(result.successes)),
      row("errors", Figure.count(result.errors)),
    ]
    if result.isOpenLoop {
      let dropped = result.dropped > 0 ? ", \(Figure.count(result.dropped)) never sent" : ""
      lines.append(row("planned", Figure.count(result.planned) + dropped))
    }
    if result.interrupted > 0 {
      lines.append(row("interrupted", Figure.count(result.interrupted) + " in flight"))
    }
    let codes = result.codes.map { "\($0.code): \(Figure.count($0.count))" }
    if !codes.isEmpty { lines.append(row("codes", codes.joined(separator: ", "))) }
    let received = Double(result.receivedBytes)
    lines.append(
      row(
        "received",
        "\(Figure.bytes(received)), "
          + "\(Figure.bytes(received / max(result.durationSeconds, 1e-9))) a second"))
    lines.append(row("connections", "\(Figure.count(result.connectionsOpened)) opened"))
    return lines
  }

  private var errors: [String] {
    if result.causes.isEmpty { return [] }
    var lines = ["", "errors by cause"]
    for cause in result.causes {
      lines.append("  \(right(Figure.count(cause.count), 10))  \(cause.cause)")
      if !cause.example.isEmpty { lines.append("              such as: \(cause.example)") }
    }
    return lines
  }

  // MARK: Latencies

  private var latencies: [String] {
    if result.successes == 0 { return [] }
    if !result.isOpenLoop {
      return ["", "latency of successes, from sending"]
        + columns([("", result.latency)])
        + [
          "closed loop: each connection waits for its answer, so a stall counts once for each and "
            + "not for", "those who would have come meanwhile. --rate measures those, too.",
        ]
    }
    return ["", "latency of successes"]
      + columns([("from plan", result.latency), ("from sending", result.plainLatency)])
      + [
        "from plan: since the request was planned. What callers wait, stalls of the server "
          + "included.",
        "from sending: since it left. The usual figure, which leaves out what it "
          + "waited before.",
      ]
  }

  private func columns(_ all: [(String, Latencies)]) -> [String] {
    var lines: [String] = []
    if all.count > 1 { lines.append("          " + all.map { right($0.0, 14) }.joined()) }
    func add(_ name: String, _ value: (Latencies) -> Double) {
      lines.append(
        left("  " + name, 10) + all.map { right(Figure.seconds(value($0.1)), 14) }.joined())
    }
    add("min") { Double($0.min) / 1e9 }
    add("mean") { $0.mean / 1e9 }
    for percentile in Latencies.shownPercentiles {
      add(percentile.name) { $0.seconds(atPercentile: percentile.value) }
    }
    add("max") { Double($0.maxRecorded) / 1e9 }
    return lines
  }

  private var events: [String] {
    guard let events = result.events else { return [] }
    return [
      "",
      "event streams: \(Figure.count(events.events, "event")), "
        + "\(Figure.count(events.streamsCut, "stream")) cut at the end",
    ] + columns([("first event", events.firstEvent), ("gap", events.gap)])
  }

  private var targets: [String] {
    if result.targets.count < 2 { return [] }
    return ["", "targets"]
      + result.targets.map { target in
        let counts =
          "  \(target.name): \(Figure.count(target.requests, "request")), "
          + Figure.count(target.errors, "error")
        if target.latency.totalCount == 0 { return counts }
        let p50 = Figure.seconds(target.latency.seconds(atPercentile: 50))
        let p99 = Figure.seconds(target.latency.seconds(atPercentile: 99))
        return counts + ", p50 \(p50), p99 \(p99)"
      }
  }

  // MARK: The generator

  private var generator: [String] {
    let perRequest = result.cpuSeconds / Double(max(1, result.requests))
    let shares = result.cpuShares.map { "\(Int(($0 * 100).rounded())) %" }.joined(separator: ", ")
    let lines = [
      row("generator", "\(Figure.seconds(perRequest)) of CPU a request; \(shares) of a core")
    ]
    if !verdict.isSaturated {
      return lines + [row("verdict", "the generator was not the bottleneck")]
    }
    return lines + verdict.reasons.map { row("verdict", "the generator was the bottleneck: \($0)") }
  }

  private func row(_ name: String, _ value: String) -> String { left(name, 14) + value }

  private func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}
