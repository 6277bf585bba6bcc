/// What a run has to fulfil, as its flags say.
struct Thresholds: Sendable {
  var maxP99Nanoseconds: Int64?
  var maxErrors: ErrorBound?
  var minRatePerSecond: Double?

  /// What was asked, what was measured, and whether that will do.
  struct Outcome: Sendable, Equatable {
    let flag: String
    let measured: String
    let isMet: Bool
  }

  /// One outcome for each that was asked for.
  func outcomes(_ result: RunResult) -> [Outcome] {
    var outcomes: [Outcome] = []
    if let limit = maxP99Nanoseconds {
      let p99 = result.latency.valueAtPercentile(99)
      outcomes.append(
        Outcome(
          flag: "--max-p99 \(Figure.seconds(Double(limit) / 1e9))",
          measured: result.successes == 0
            ? "no request succeeded" : "p99 is \(Figure.seconds(Double(p99) / 1e9))",
          isMet: result.successes > 0 && p99 <= UInt64(limit)))
    }
    if let bound = maxErrors {
      let failed = result.errors + result.dropped
      outcomes.append(
        Outcome(
          flag: "--max-errors \(bound.text)",
          measured: Figure.count(result.errors, "error")
            + (result.dropped > 0 ? ", \(Figure.count(result.dropped)) never sent" : ""),
          isMet: bound.allows(failed, of: failed + result.successes)))
    }
    if let limit = minRatePerSecond {
      let rate = result.successesPerSecond
      outcomes.append(
        Outcome(
          flag: "--min-rate \(Figure.rate(limit))",
          measured: "\(Figure.rate(rate)) successes a second",
          isMet: rate >= limit * Self.rateTolerance))
    }
    return outcomes
  }

  /// Of an open loop at the very rate that is asked for, the last answers come a little later.
  private static let rateTolerance = 0.999
}
