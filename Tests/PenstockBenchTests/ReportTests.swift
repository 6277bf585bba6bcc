import Testing

@testable import PenstockBench

@Suite struct ReportTests {
  /// A run of a second with these latencies, in milliseconds.
  private func result(
    _ milliseconds: [Int64], status: Int = 200, isOpen: Bool = false,
    time: ThreadTime = ThreadTime(), _ change: (ThreadTally) -> Void = { _ in }
  ) -> RunResult {
    var plan = RunPlan(origins: [], requests: [], mix: Mix(weights: [1]), targets: ["GET /"])
    plan.schedule = isOpen ? RateSchedule(rate: 100) : nil
    let tally = ThreadTally(targets: 1, isOpenLoop: isOpen)
    for value in milliseconds {
      tally.onAnswer(
        target: 0, status: status, payloadBytes: 1, latency: value * 1_000_000,
        plain: 1_000_000)
    }
    change(tally)
    tally.durationNanoseconds = 1_000_000_000
    tally.onLoadEnd(afterNanoseconds: 1_000_000_000, time)
    return RunResult(plan, [tally], [])
  }

  @Test func `percentiles are those of the values, within a thousandth`() {
    let result = result(Array(1...1000))
    for (percentile, value) in [(50.0, 0.5), (99.0, 0.99), (99.9, 0.999), (100.0, 1.0)] {
      let found = result.latency.seconds(atPercentile: percentile)
      #expect(abs(found - value) <= value / 1000, "\(percentile): \(found)")
    }
  }

  @Test func `an answer that is an error is a request, and no success`() {
    let result = result([5, 5], status: 503)
    #expect(result.requests == 2 && result.errors == 2 && result.successes == 0)
    #expect(result.causes.map(\.cause) == ["status 503"])
    #expect(result.latency.totalCount == 0 && result.errorLatency.totalCount == 2)
  }

  @Test func `thresholds say what was measured`() {
    let thresholds = Thresholds(
      maxP99Nanoseconds: 5_000_000, maxErrors: .count(0), minRatePerSecond: 3)
    let good = thresholds.outcomes(result([1, 2, 3, 4]))
    #expect(good.map(\.isMet) == [true, true, true])
    let bad = thresholds.outcomes(
      result([1, 20]) { $0.onFailure(target: 0, cause: "timeout", example: "") })
    #expect(bad.map(\.isMet) == [false, false, false])
    #expect(bad.map(\.measured) == ["p99 is 20.0 ms", "1 error", "2.00 successes a second"])
    let rate = Thresholds(minRatePerSecond: 4.003)
    #expect(rate.outcomes(result([1, 1, 1, 1]))[0].isMet, "within a thousandth")
    #expect(!thresholds.outcomes(result([]))[0].isMet, "no success has no p99")
  }

  @Test func `shares of errors are of what should have been answered`() throws {
    let bound = try ErrorBound(parsing: "1%")
    #expect(bound.allows(1, of: 100) && !bound.allows(2, of: 100))
    for text in ["-1", "x", "1.5", "101%", "%"] {
      #expect(throws: RunFault.self, "\(text)") { try ErrorBound(parsing: text) }
    }
  }

  @Test func `the verdict blames the generator for what is its own`() {
    #expect(!Verdict(result([10])).isSaturated)
    #expect(Verdict(result([10], time: ThreadTime(cpu: 950_000_000))).isSaturated)
    #expect(!Verdict(result([10], time: ThreadTime(cpu: 800_000_000))).isSaturated)
    let crowded = Verdict(result([10], time: ThreadTime(cpu: 400_000_000, wait: 550_000_000)))
    #expect(crowded.isSaturated && crowded.reasons[0].contains("waited for one for 55 %"))
    #expect(Verdict(result([10], isOpen: true) { $0.onSent(lag: 2_000_000) }).isSaturated)
    #expect(!Verdict(result([100], isOpen: true) { $0.onSent(lag: 2_000_000) }).isSaturated)
    #expect(Verdict(result([10], isOpen: true) { $0.arrivalsDropped = 1 }).isSaturated)
  }

  @Test func `a search for the knee ends near it`() {
    for knee in [3.0, 750, 1000, 88_000] {
      var search = KneeSearch(firstRate: 1000)
      var steps = 0
      while let rate = search.nextRate, steps < 60 {
        search.onTried(isCarried: rate <= knee)
        steps += 1
      }
      let carried = search.carriedRate ?? 0
      #expect(carried <= knee && carried * 1.06 > knee, "\(knee): \(carried)")
      #expect(steps < 20)
    }
    var hopeless = KneeSearch(firstRate: 1000)
    while hopeless.nextRate != nil { hopeless.onTried(isCarried: false) }
    #expect(hopeless.carriedRate == nil)
  }

  @Test func `figures have three digits that count`() {
    #expect(Figure.seconds(0.0012345) == "1.23 ms")
    #expect(Figure.seconds(0.9999) == "1.00 s")
    #expect(Figure.seconds(0.00045678) == "457 µs")
    #expect(Figure.count(1_234_567) == "1,234,567")
    #expect(Figure.fixed(-0.004, digits: 2) == "0.00")
    #expect(Figure.fixed(1.005e-3, digits: 9) == "0.001005000")
    #expect(Figure.bytes(1536) == "1.50 KiB")
  }

  @Test func `the report in JSON has the same counts`() {
    let result = result([1, 2])
    let report = JSONReport(
      plan: RunPlan(origins: [], requests: [], mix: Mix(weights: [1]), targets: ["GET /"]),
      result: result, outcomes: [], verdict: Verdict(result), commandLine: "\"quoted\"")
    let text = String(decoding: report.bytes, as: UTF8.self)
    #expect(text.contains("\"requests\": 2,\n"))
    #expect(text.contains("\"duration_seconds\": 1.000000000"))
    #expect(text.contains(#""command": "\"quoted\"""#))
  }
}
