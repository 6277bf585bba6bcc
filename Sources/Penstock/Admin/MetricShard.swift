import Telemetry
import Upstream
import Wire

/// What one worker counts. The worker's thread writes, a scrape reads from any thread.
///
/// Accounts are numbered as in the configuration, -1 is a request that has none; which of them has
/// a row of its own all shards know from the same `AccountRows`. Its memory is reserved for the
/// largest case and resident only where something was counted.
final class MetricShard: Sendable {
  static let defaultDurationBoundsNanoseconds: [Int64] = [
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
    500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000,
    60_000_000_000,
  ]
  static let defaultAddedBoundsNanoseconds: [Int64] = [
    25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    25_000_000, 100_000_000,
  ]
  /// Rows of the error table that can be counted; a bound of memory, far above what there is.
  static let errorsMax = 128
  /// Limit names that can be counted.
  static let limitsMax = 128
  /// The status codes from here to `codeMin + codeSpan - 1` have a counter of their own.
  static let codeMin = 100
  static let codeSpan = 512

  let accountRows: AccountRows
  let requests: SparseCounterTable
  let upstreamResponses: SparseCounterTable
  let errors: SparseCounterTable
  let durations: HistogramTable
  /// Of `durations`, by account; nil where they are off.
  let exemplars: ExemplarTable?
  let ttfb: HistogramTable
  let connects: HistogramTable
  let added: HistogramTable
  let loopLag: HistogramTable
  let phases: HistogramTable
  let retries: CounterTable
  /// Those on a connection of their own first, then those on one that was used before.
  let upstreamRequests: CounterTable
  let requestBytes: CounterTable
  let responseBytes: CounterTable
  let limitHits: CounterTable
  let closes: CounterTable
  /// The callers without a key, then by project; for each: denied, then only observed.
  let ruleDenials: CounterTable
  /// In the same order.
  let rateDenials: CounterTable
  let quotas: QuotaTable
  let recentErrors = RecentErrors()
  private let totals: CounterTable
  /// Requests in flight first, then the connections, then the levels.
  private let gauges: GaugeTable

  init(
    _ accountRows: AccountRows, projectCount: Int = 0,
    durationBoundsNanoseconds: [Int64] = defaultDurationBoundsNanoseconds,
    addedBoundsNanoseconds: [Int64] = defaultAddedBoundsNanoseconds,
    hasExemplars: Bool = true, hasNativeHistograms: Bool = false
  ) {
    precondition(projectCount >= 0)
    self.accountRows = accountRows
    let rows = accountRows.rowsMax + 2
    requests = SparseCounterTable(
      rows: rows * MethodLabel.allCases.count, width: Self.codeSpan)
    upstreamResponses = SparseCounterTable(rows: rows, width: Self.codeSpan)
    errors = SparseCounterTable(rows: rows, width: Self.errorsMax)
    let histograms = { (rows: Int, boundsNanoseconds: [Int64]) in
      HistogramTable(
        rows: rows, boundsNanoseconds: boundsNanoseconds, isNative: hasNativeHistograms)
    }
    durations = histograms(rows, durationBoundsNanoseconds)
    exemplars =
      hasExemplars
      ? ExemplarTable(rows: rows, buckets: durationBoundsNanoseconds.count + 1) : nil
    ttfb = histograms(rows, durationBoundsNanoseconds)
    connects = histograms(1, durationBoundsNanoseconds)
    added = histograms(rows, addedBoundsNanoseconds)
    loopLag = histograms(1, addedBoundsNanoseconds)
    phases = histograms(UpstreamFailure.Phase.allCases.count, durationBoundsNanoseconds)
    retries = CounterTable(count: rows)
    upstreamRequests = CounterTable(count: 2)
    requestBytes = CounterTable(count: rows)
    responseBytes = CounterTable(count: rows)
    limitHits = CounterTable(count: Self.limitsMax)
    closes = CounterTable(count: CloseReason.allCases.count)
    ruleDenials = CounterTable(count: 2 * (projectCount + 1))
    rateDenials = CounterTable(count: 2 * (projectCount + 1))
    quotas = QuotaTable(rows: accountRows.rowsMax)
    totals = CounterTable(count: WorkerTotal.allCases.count)
    gauges = GaugeTable(count: Self.firstLevel + WorkerLevel.allCases.count)
  }

  private static let firstLevel = 1 + ConnectionLabel.allCases.count

  // MARK: Rows

  func row(account: Int) -> Int { accountRows.row(of: account) }

  /// The row of an account's method in `requests`.
  func requestRow(_ row: Int, _ method: MethodLabel) -> Int {
    row &* 8 &+ Int(method.rawValue)
  }

  // MARK: Counting, from the worker's thread

  /// Counts a request when its exchange ended. `code`: the status that the client got.
  func countRequest(account: Int, method: MethodLabel, code: Int) {
    requests.add(
      row: requestRow(row(account: account), method), column: column(code: code), 1)
  }

  func countUpstreamResponse(account: Int, code: Int) {
    upstreamResponses.add(row: row(account: account), column: column(code: code), 1)
  }

  /// From the first byte of the request to the last byte of its answer.
  func observeDuration(account: Int, nanoseconds: Int64) {
    durations.observe(row: row(account: account), nanoseconds: nanoseconds)
  }

  var hasExemplars: Bool { exemplars != nil }

  /// Makes a request the exemplar of its duration's bucket. `unixNanoseconds`: when it ended.
  /// `traceID`: empty, or 32 digits.
  func exemplify(
    account: Int, nanoseconds: Int64, unixNanoseconds: Int64, requestID: Span<UInt8>,
    traceID: Span<UInt8>
  ) {
    exemplars?.set(
      row: row(account: account), bucket: durations.bucket(of: nanoseconds),
      nanoseconds: nanoseconds, unixNanoseconds: unixNanoseconds, requestID: requestID,
      traceID: traceID)
  }

  /// How long an exchange was in a phase that it went through.
  func observePhase(_ phase: UpstreamFailure.Phase, nanoseconds: Int64) {
    phases.observe(row: phase.rawValue, nanoseconds: nanoseconds)
  }

  /// A request that was begun to be sent, once for each exchange.
  func countUpstreamRequest(isReused: Bool) { upstreamRequests.add(isReused ? 1 : 0, 1) }

  func addRetries(account: Int, _ count: Int) {
    retries.add(row(account: account), UInt64(truncatingIfNeeded: count))
  }

  /// From the request's last byte sent upstream to the first byte of the answer.
  func observeTTFB(account: Int, nanoseconds: Int64) {
    ttfb.observe(row: row(account: account), nanoseconds: nanoseconds)
  }

  /// One dial, TLS included.
  func observeConnect(nanoseconds: Int64) {
    connects.observe(row: 0, nanoseconds: nanoseconds)
  }

  /// The time that Penstock itself added.
  func observeAdded(account: Int, nanoseconds: Int64) {
    added.observe(row: row(account: account), nanoseconds: nanoseconds)
  }

  /// One turn of the worker's loop, from waking up to its end: as long as whatever became ready in
  /// it may have had to wait.
  func observeLoopLag(nanoseconds: Int64) { loopLag.observe(row: 0, nanoseconds: nanoseconds) }

  func addRequestBytes(account: Int, _ count: Int) {
    assert(count >= 0)
    requestBytes.add(row(account: account), UInt64(truncatingIfNeeded: count))
  }

  func addResponseBytes(account: Int, _ count: Int) {
    assert(count >= 0)
    responseBytes.add(row(account: account), UInt64(truncatingIfNeeded: count))
  }

  /// `error`: its index in the error table.
  func countError(account: Int, error: Int) {
    errors.add(row: row(account: account), column: error, 1)
  }

  /// `limit`: its index in the list of limit names.
  func countLimitHit(limit: Int) { limitHits.add(limit, 1) }

  /// A request that rules denied, or would have. `project`: -1 for a caller without a key.
  func countRuleDenial(project: Int, isObserved: Bool) {
    ruleDenials.add(denialIndex(project, isObserved), 1)
  }

  /// The same of a rate that was used up, the key's or the account's.
  func countRateDenial(project: Int, isObserved: Bool) {
    rateDenials.add(denialIndex(project, isObserved), 1)
  }

  private func denialIndex(_ project: Int, _ isObserved: Bool) -> Int {
    2 * (project + 1) + (isObserved ? 1 : 0)
  }

  /// What an upstream said of an account's quota, in loop time.
  func noteQuota(_ quota: Quota, account: Int, nowNanoseconds: Int64) {
    quotas.note(quota, row: row(account: account), nowNanoseconds: nowNanoseconds)
  }

  func countClose(_ reason: CloseReason) { closes.add(reason.rawValue, 1) }

  /// 1 when a request begins, -1 when its exchange ends.
  func addRequestsInFlight(_ change: Int) { gauges.add(0, change) }

  /// 1 when a connection enters the state, -1 when it leaves it.
  func addConnections(_ label: ConnectionLabel, _ change: Int) {
    gauges.add(1 + label.rawValue, change)
  }

  func addLevel(_ level: WorkerLevel, _ change: Int) {
    if change != 0 { gauges.add(Self.firstLevel + level.rawValue, change) }
  }

  func addTotal(_ total: WorkerTotal, _ count: Int) {
    if count > 0 { totals.add(total.rawValue, UInt64(count)) }
  }

  // MARK: Reading, from any thread

  var requestsInFlight: Int { gauges.value(0) }

  func connections(_ label: ConnectionLabel) -> Int { gauges.value(1 + label.rawValue) }

  func level(_ level: WorkerLevel) -> Int { gauges.value(Self.firstLevel + level.rawValue) }

  func total(_ total: WorkerTotal) -> UInt64 { totals.value(total.rawValue) }

  /// Whether a request of the account was counted, which is when its series begin to exist.
  func isUsed(row: Int) -> Bool {
    MethodLabel.allCases.contains { requests.usedBits(row: requestRow(row, $0)) != 0 }
  }

  private func column(code: Int) -> Int {
    min(max(code - Self.codeMin, 0), Self.codeSpan - 1)
  }
}

extension [MetricShard] {
  /// Whether a request of the row was counted anywhere.
  func isUsed(row: Int) -> Bool { contains { $0.isUsed(row: row) } }

  /// A counter of all workers.
  func total(_ value: (MetricShard) -> UInt64) -> UInt64 { reduce(0) { $0 &+ value($1) } }

  /// A gauge of all workers. They are not read at one moment, and a level cannot be negative.
  func level(_ value: (MetricShard) -> Int) -> Int { Swift.max(0, reduce(0) { $0 + value($1) }) }
}
