import Telemetry

/// What was counted of some accounts until a moment, over all workers; or, once an earlier one is
/// taken away, what was counted between the two.
struct StatusFigures {
  var callerErrors: UInt64 = 0
  var upstreamErrors: UInt64 = 0
  var internalErrors: UInt64 = 0
  /// Of those, what Penstock itself did wrong, and what it had no room for.
  var faults: UInt64 = 0
  var lacks: UInt64 = 0
  /// Answers that the upstream gave with 5xx, and which were passed on.
  var upstreamFailures: UInt64 = 0
  /// Answers that the upstream gave with 401, and with 429.
  var unauthorized: UInt64 = 0
  var throttled: UInt64 = 0
  /// Requests for an account that is switched off.
  var disabled: UInt64 = 0
  var requestBytes: UInt64 = 0
  var responseBytes: UInt64 = 0
  var durations: HistogramSum
  var added: HistogramSum

  /// Nothing counted; bounds as in that shard.
  init(boundsOf shard: MetricShard) {
    durations = HistogramSum(like: shard.durations, isClassic: true)
    added = HistogramSum(like: shard.added, isClassic: true)
  }

  /// Every request has one duration, so that there need be no second count.
  var requests: UInt64 { durations.count }

  /// Requests that failed by the upstream's doing.
  var failedUpstream: UInt64 { upstreamErrors &+ upstreamFailures }

  /// The share of requests that failed neither upstream nor in Penstock; what callers do wrong is
  /// no failure. Nil where there were none.
  var successRatio: Double? {
    if requests == 0 { return nil }
    return 1 - Double(min(requests, failedUpstream &+ internalErrors)) / Double(requests)
  }

  /// Adds a row as it stands in all shards. `errors` and `codes` are memory to add with.
  mutating func add(
    _ shards: [MetricShard], row: Int, _ errors: inout SparseRowSum, _ codes: inout SparseRowSum
  ) {
    errors.reset()
    codes.reset()
    for shard in shards {
      errors.add(shard.errors, row: row)
      codes.add(shard.upstreamResponses, row: row)
      durations.add(shard.durations, row: row)
      added.add(shard.added, row: row)
      requestBytes &+= shard.requestBytes.value(row)
      responseBytes &+= shard.responseBytes.value(row)
    }
    errors.forEach { count(error: $0, $1) }
    codes.forEach { count(code: MetricShard.codeMin + $0, $1) }
  }

  private mutating func count(error index: Int, _ total: UInt64) {
    let error = PenstockError.allCases[index]
    if !error.isFailure { return }
    if error == .internalError { faults &+= total }
    if error.isLack { lacks &+= total }
    if error == .accountDisabled { disabled &+= total }
    switch error.row.side {
    case .downstream: callerErrors &+= total
    case .upstream: upstreamErrors &+= total
    case .internal: internalErrors &+= total
    }
  }

  private mutating func count(code: Int, _ total: UInt64) {
    switch code {
    case 401: unauthorized &+= total
    case 429: throttled &+= total
    case 500...599: upstreamFailures &+= total
    default: break
    }
  }

  mutating func add(_ other: StatusFigures) {
    combine(other, &+)
    durations.add(other.durations)
    added.add(other.added)
  }

  /// What has come since an earlier moment.
  func since(_ earlier: StatusFigures) -> StatusFigures {
    var difference = self
    difference.combine(earlier, &-)
    difference.durations.subtract(earlier.durations)
    difference.added.subtract(earlier.added)
    return difference
  }

  private mutating func combine(
    _ other: StatusFigures, _ operation: (UInt64, UInt64) -> UInt64
  ) {
    for member in Self.counts {
      self[keyPath: member] = operation(self[keyPath: member], other[keyPath: member])
    }
  }

  // Sendable: key paths to members of a struct capture nothing.
  private nonisolated(unsafe) static let counts: [WritableKeyPath<StatusFigures, UInt64>] = [
    \.callerErrors, \.upstreamErrors, \.internalErrors, \.faults, \.lacks, \.upstreamFailures,
    \.unauthorized, \.throttled, \.disabled, \.requestBytes, \.responseBytes,
  ]
}
