import Telemetry
import Wire

/// `/status.json`: what the status page shows, for programs.
///
/// Rates, shares and durations are of the last minute (`window_seconds`), or of the time since an
/// account's first request where that is shorter; what ends in `_total` is counted from the start
/// and equals the metrics. It names accounts, projects, slugs and ids, and holds no text that an
/// upstream chose.
struct StatusDocument: ~Copyable {
  private let shared: SharedState
  private var shards: [MetricShard] { shared.shards }
  private let isDraining: Bool
  private var json = StatusJSON()

  /// The whole document. Called where `SharedState.history` may be touched.
  static func written(_ shared: SharedState, isDraining: Bool) -> ByteBuffer {
    var document = StatusDocument(shared, isDraining: isDraining)
    document.write()
    return document.json.finish()
  }

  private init(_ shared: SharedState, isDraining: Bool) {
    self.shared = shared
    self.isDraining = isDraining
  }

  private mutating func write() {
    json.beginObject()
    writeProcess()
    writeLastMinute()
    writeSeries()
    writeAccounts()
    writeConnections()
    writeLimits()
    writeFiles()
    writeErrors()
    json.endObject()
  }

  private mutating func writeProcess() {
    let names = shared.metricNames
    json.add("time", unixNanoseconds: shared.history.newest.unixNanoseconds)
    json.add("state", isDraining ? "draining" : "serving")
    json.add("version", Array(names.version.utf8))
    json.add("config_digest", Array(names.configDigest.utf8))
    json.add(
      "config_loaded", unixNanoseconds: Int64(names.configReloadUnixSeconds * 1e6) * 1000)
    json.add("config_reload_successful", names.isConfigReloadSuccessful)
    json.add("workers", shards.count)
    json.add("accounts_configured", shared.configuration.accounts.count)
    json.add("accounts_folded", shards[0].accountRows.folded)
    json.add("log_lines_dropped_total", names.logLinesDropped())
  }

  // MARK: All accounts together

  private mutating func writeLastMinute() {
    let (from, to) = shared.history.lastMinute
    let seconds = Double(to.nanoseconds - from.nanoseconds) / 1e9
    writeBounds("latency_bounds_ms", to.figures.durations)
    writeBounds("added_bounds_ms", to.figures.added)
    json.beginObject("all")
    json.add("window_seconds", decimal: seconds)
    write(to.figures.since(from.figures), seconds: seconds)
    writeTotals(to.figures)
    json.endObject()
  }

  /// Below the first bound and above the last one nothing is known of a percentile.
  private mutating func writeBounds(_ key: StaticString, _ sum: HistogramSum) {
    let bounds = sum.boundsNanoseconds
    json.beginList(key)
    json.add(millisecondsOf: bounds[0])
    json.add(millisecondsOf: bounds[bounds.count - 1])
    json.endList()
  }

  /// The members that all accounts together have, and each.
  private mutating func write(_ recent: StatusFigures, seconds: Double) {
    func rate(_ count: UInt64) -> Double { seconds > 0 ? Double(count) / seconds : 0 }
    json.add("requests_per_second", decimal: rate(recent.requests))
    json.add("success_ratio", decimal: recent.successRatio)
    json.add("caller_errors_per_second", decimal: rate(recent.callerErrors))
    json.add("upstream_failures_per_second", decimal: rate(recent.failedUpstream))
    json.add("internal_errors_per_second", decimal: rate(recent.internalErrors))
    json.add("p50_ms", millisecondsOf: recent.durations.quantileNanoseconds(0.5))
    json.add("p90_ms", millisecondsOf: recent.durations.quantileNanoseconds(0.9))
    json.add("p99_ms", millisecondsOf: recent.durations.quantileNanoseconds(0.99))
    json.add("added_p50_ms", millisecondsOf: recent.added.quantileNanoseconds(0.5))
    json.add("added_p99_ms", millisecondsOf: recent.added.quantileNanoseconds(0.99))
    json.add("request_bytes_per_second", decimal: rate(recent.requestBytes))
    json.add("response_bytes_per_second", decimal: rate(recent.responseBytes))
  }

  private mutating func writeTotals(_ total: StatusFigures) {
    json.add("requests_total", total.requests)
    json.add("caller_errors_total", total.callerErrors)
    json.add("upstream_errors_total", total.upstreamErrors)
    json.add("upstream_5xx_total", total.upstreamFailures)
    json.add("internal_errors_total", total.internalErrors)
    json.add("request_bytes_total", total.requestBytes)
    json.add("response_bytes_total", total.responseBytes)
  }

  /// The last minutes, two seconds a point. A list of each figure, so that a name stands once.
  private mutating func writeSeries() {
    let samples = shared.history.samples
    var points: [(end: Int64, seconds: Double, figures: StatusFigures)] = []
    for (before, after) in zip(samples, samples.dropFirst()) {
      let seconds = Double(after.nanoseconds - before.nanoseconds) / 1e9
      if seconds <= 0 { continue }
      points.append((after.unixNanoseconds, seconds, after.figures.since(before.figures)))
    }
    json.beginObject("series")
    writeList("unix_seconds", points.map { Double($0.end) / 1e9 })
    writeList("requests_per_second", points.map { Double($0.figures.requests) / $0.seconds })
    writeList("success_ratio", points.map(\.figures.successRatio))
    let durations = points.map(\.figures.durations)
    writeList("p50_ms", durations.map { Self.milliseconds($0, 0.5) })
    writeList("p90_ms", durations.map { Self.milliseconds($0, 0.9) })
    writeList("p99_ms", durations.map { Self.milliseconds($0, 0.99) })
    writeList("added_p50_ms", points.map { Self.milliseconds($0.figures.added, 0.5) })
    writeList("added_p99_ms", points.map { Self.milliseconds($0.figures.added, 0.99) })
    json.endObject()
  }

  private static func milliseconds(_ sum: HistogramSum, _ share: Double) -> Double? {
    sum.quantileNanoseconds(share).map { Double($0) / 1e6 }
  }

  private mutating func writeList(_ key: StaticString, _ values: [Double?]) {
    json.beginList(key)
    for value in values { json.add(decimal: value) }
    json.endList()
  }

  // MARK: Each account

  /// Those that were used: first those in trouble, the worst of them first, then in the order of
  /// their first use.
  private mutating func writeAccounts() {
    let accounts = shared.history.accounts.enumerated().compactMap { row, history in
      history.map { (row: row, troubles: $0.troubles, history: $0) }
    }.sorted {
      ($0.troubles.first?.kind.rawValue ?? .max, $0.row)
        < ($1.troubles.first?.kind.rawValue ?? .max, $1.row)
    }
    json.beginList("accounts")
    for (row, troubles, history) in accounts { write(history, troubles, row: row) }
    json.endList()
  }

  private mutating func write(
    _ history: AccountHistory, _ troubles: [AccountHistory.Since], row: Int
  ) {
    json.beginObject()
    let name = shared.metricNames.account(ofRow: row, in: shards[0].accountRows) ?? ""
    json.add("account", Array(name.utf8))
    if let worst = troubles.first { write(worst, "trouble") } else { json.addNull("trouble") }
    json.beginList("troubles")
    for trouble in troubles { write(trouble) }
    json.endList()
    write(history.recent, seconds: Double(history.recentNanoseconds) / 1e9)
    writeTotals(history.total)
    write(shared.history.quota(row: row))
    json.endObject()
  }

  private mutating func write(
    _ trouble: AccountHistory.Since, _ key: StaticString = ""
  ) {
    let newest = shared.history.newest
    let ago = newest.nanoseconds - trouble.sinceNanoseconds
    json.beginObject(key)
    json.add("reason", trouble.kind.slug)
    json.add("message", trouble.kind.text)
    json.add("since", unixNanoseconds: newest.unixNanoseconds - ago)
    json.endObject()
  }

  private mutating func write(_ quota: Quota) {
    if let limit = quota.limit { json.add("quota_limit", limit) }
    if let remaining = quota.remaining { json.add("quota_remaining", remaining) }
    if let reset = quota.resetUnixSeconds { json.add("quota_reset_unix_seconds", reset) }
    if let retry = quota.retryUnixSeconds { json.add("retry_after_unix_seconds", retry) }
  }

  // MARK: What is open, limited, stored

  private mutating func writeConnections() {
    json.add("requests_in_flight", shards.level { $0.requestsInFlight })
    json.beginObject("connections")
    json.add("downstream_active", shards.level { $0.connections(.downstreamActive) })
    json.add("downstream_idle", shards.level { $0.connections(.downstreamIdle) })
    json.add("upstream_active", shards.level { $0.connections(.upstreamActive) })
    json.add("upstream_idle", shards.level { $0.connections(.upstreamIdle) })
    json.add("requests_queued", shards.level { $0.level(.requestsQueued) })
    json.add("dials_in_flight", shards.level { $0.level(.dials) })
    json.add("upstream_requests_new_total", shards.total { $0.upstreamRequests.value(0) })
    json.add("upstream_requests_reused_total", shards.total { $0.upstreamRequests.value(1) })
    json.endObject()
  }

  private mutating func writeLimits() {
    json.beginList("limits")
    for (index, limit) in shared.metricNames.limits.enumerated() {
      json.beginObject()
      json.add("limit", limit.name)
      json.add("value", limit.value)
      json.add("hits_total", shards.total { $0.limitHits.value(index) })
      json.endObject()
    }
    json.endList()
  }

  private mutating func writeFiles() {
    guard let figures = shared.metricNames.files() else { return json.addNull("files") }
    json.beginObject("files")
    json.add("files", figures.totals.files)
    json.add("bytes", figures.totals.bytes)
    json.add("free_bytes", figures.freeBytes)
    json.endObject()
  }

  // MARK: What failed last

  /// The newest first, of each side as many as are kept.
  private mutating func writeErrors() {
    let entries = shards.enumerated().flatMap { worker, shard in
      shard.recentErrors.all.map { (worker: worker, entry: $0) }
    }.sorted {
      ($0.entry.unixNanoseconds, $0.entry.number) > ($1.entry.unixNanoseconds, $1.entry.number)
    }
    var written: [Side: Int] = [:]
    json.beginList("errors")
    for (worker, entry) in entries
    where written[entry.side, default: 0] < RecentErrors.entriesMax {
      written[entry.side, default: 0] += 1
      write(entry, worker: worker)
    }
    json.endList()
  }

  /// `id`: of the entry, for request ids may be the clients' and alike.
  private mutating func write(_ entry: RecentErrors.Entry, worker: Int) {
    json.beginObject()
    json.add("id", Array("\(worker)-\(entry.number)".utf8))
    json.add("time", unixNanoseconds: entry.unixNanoseconds)
    json.add("side", entry.side.name)
    if let error = entry.error {
      json.add("error", error.row.slug)
      json.add("phase", entry.phase.name)
      json.add("message", error.row.message)
    } else {
      json.add("error", "upstream_status")
      json.add("message", "The upstream answered with an error of its own.")
    }
    json.add("status", entry.status)
    if entry.upstreamStatus > 0 { json.add("upstream_status", entry.upstreamStatus) }
    if entry.account >= 0 {
      json.add("account", shared.configuration.accounts[entry.account].idBytes)
    }
    if entry.project >= 0 {
      json.add("project", shared.configuration.projects[entry.project].nameBytes)
    }
    json.add("method", entry.method.name)
    if entry.requestID.isEmpty {
      json.addNull("request_id")
    } else {
      json.add("request_id", entry.requestID)
    }
    json.endObject()
  }
}
