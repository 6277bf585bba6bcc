import EventLoop
import Telemetry
import Upstream
import Wire

/// One scrape: sums what the workers counted and writes every family of it.
struct MetricsPage {
  private let shards: [MetricShard]
  private let names: MetricNames
  private let exposition: Exposition
  /// The rows that have series, each with its `account` label.
  private let accounts: [(row: Int, labels: LabelSet)]

  /// Writes the whole page. The shards are of one size, one a worker.
  static func write(
    shards: [MetricShard], names: MetricNames, openMetrics: Bool, into out: inout ByteBuffer
  ) {
    let page = MetricsPage(shards: shards, names: names, openMetrics: openMetrics)
    page.writeRequests(into: &out)
    page.writeUpstreamResponses(into: &out)
    page.writeHistograms(into: &out)
    page.writePhases(into: &out)
    page.writeUpstreams(into: &out)
    page.writeCodings(into: &out)
    page.writeBytes(into: &out)
    page.writeErrors(into: &out)
    page.writeDenials(into: &out)
    page.writeConnections(into: &out)
    page.writeLimits(into: &out)
    page.writeFiles(into: &out)
    page.writeFacts(into: &out)
    page.writeMemory(into: &out)
    QuotaMetrics.write(shards: shards, names: names, exposition: page.exposition, into: &out)
    ProcessMetrics.write(exposition: page.exposition, into: &out)
    page.exposition.writeEnd(into: &out)
  }

  private init(shards: [MetricShard], names: MetricNames, openMetrics: Bool) {
    self.shards = shards
    self.names = names
    exposition = Exposition(isOpenMetrics: openMetrics)
    guard let first = shards.first else {
      accounts = []
      return
    }
    let rows = first.accountRows
    precondition(shards.allSatisfy { $0.accountRows === rows })
    var accounts: [(row: Int, labels: LabelSet)] = []
    for row in 0...rows.noneRow where shards.contains(where: { $0.isUsed(row: row) }) {
      var labels = LabelSet()
      switch row {
      case rows.noneRow: labels.append("account", "none" as StaticString)
      case rows.otherRow: labels.append("account", "other" as StaticString)
      default:
        guard let account = rows.account(ofRow: row) else { continue }
        labels.append("account", names.account(account))
      }
      accounts.append((row, labels))
    }
    self.accounts = accounts
  }

  // MARK: By account

  private func writeRequests(into out: inout ByteBuffer) {
    exposition.writeHeader(MetricFamilies.requests, into: &out)
    var codes = SparseRowSum(width: MetricShard.codeSpan)
    for (row, account) in accounts {
      for method in MethodLabel.allCases {
        codes.reset()
        for shard in shards { codes.add(shard.requests, row: shard.requestRow(row, method)) }
        var labels = account
        labels.append("method", method.name)
        writeCodes(MetricFamilies.requests, labels, codes, into: &out)
      }
    }
  }

  private func writeUpstreamResponses(into out: inout ByteBuffer) {
    exposition.writeHeader(MetricFamilies.upstreamResponses, into: &out)
    var codes = SparseRowSum(width: MetricShard.codeSpan)
    for (row, account) in accounts {
      codes.reset()
      for shard in shards { codes.add(shard.upstreamResponses, row: row) }
      writeCodes(MetricFamilies.upstreamResponses, account, codes, into: &out)
    }
  }

  private func writeCodes(
    _ family: MetricFamily, _ labels: LabelSet, _ codes: SparseRowSum, into out: inout ByteBuffer
  ) {
    var labels = labels
    let withoutCode = labels.count
    codes.forEach { column, total in
      labels.cut(to: withoutCode)
      labels.append("code", MetricShard.codeMin + column)
      exposition.write(family, labels, total, into: &out)
    }
  }

  private func writeErrors(into out: inout ByteBuffer) {
    exposition.writeHeader(MetricFamilies.errors, into: &out)
    var errors = SparseRowSum(width: MetricShard.errorsMax)
    for (row, account) in accounts {
      errors.reset()
      for shard in shards { errors.add(shard.errors, row: row) }
      errors.forEach { index, total in
        var labels = account
        labels.append("slug", names.errors[index].slug)
        labels.append("side", names.errors[index].side)
        exposition.write(MetricFamilies.errors, labels, total, into: &out)
      }
    }
  }

  private func writeHistograms(into out: inout ByteBuffer) {
    guard let first = shards.first else { return }
    var sum = HistogramSum(boundsNanoseconds: first.durations.boundsNanoseconds)
    exposition.writeHeader(MetricFamilies.requestDuration, into: &out)
    for (row, labels) in accounts {
      sum.reset()
      for shard in shards { sum.add(shard.durations, row: row) }
      exposition.write(MetricFamilies.requestDuration, labels, sum, into: &out) {
        exemplar(row: row, bucket: $0)
      }
    }
    exposition.writeHeader(MetricFamilies.upstreamTTFB, into: &out)
    for (row, labels) in accounts {
      sum.reset()
      for shard in shards { sum.add(shard.ttfb, row: row) }
      exposition.write(MetricFamilies.upstreamTTFB, labels, sum, into: &out)
    }
    exposition.writeHeader(MetricFamilies.upstreamConnect, into: &out)
    sum.reset()
    for shard in shards { sum.add(shard.connects, row: 0) }
    exposition.write(MetricFamilies.upstreamConnect, LabelSet(), sum, into: &out)

    var added = HistogramSum(boundsNanoseconds: first.added.boundsNanoseconds)
    exposition.writeHeader(MetricFamilies.proxyAdded, into: &out)
    for (row, labels) in accounts {
      added.reset()
      for shard in shards { added.add(shard.added, row: row) }
      exposition.write(MetricFamilies.proxyAdded, labels, added, into: &out)
    }
    added.reset()
    for shard in shards { added.add(shard.loopLag, row: 0) }
    exposition.writeHeader(MetricFamilies.eventLoopLag, into: &out)
    exposition.write(MetricFamilies.eventLoopLag, LabelSet(), added, into: &out)
    exposition.writeHeader(MetricFamilies.eventLoopTurns, into: &out)
    exposition.write(MetricFamilies.eventLoopTurns, LabelSet(), added.count, into: &out)
  }

  /// The newest of all workers.
  private func exemplar(row: Int, bucket: Int) -> Exemplar? {
    var newest: Exemplar?
    for shard in shards {
      guard let found = shard.exemplars?.exemplar(row: row, bucket: bucket) else { continue }
      if found.unixNanoseconds > newest?.unixNanoseconds ?? Int64.min { newest = found }
    }
    return newest
  }

  private func writeBytes(into out: inout ByteBuffer) {
    writeTotals(MetricFamilies.requestBytes, into: &out) { $0.requestBytes.value($1) }
    writeTotals(MetricFamilies.responseBytes, into: &out) { $0.responseBytes.value($1) }
    writeTotals(MetricFamilies.retries, into: &out) { $0.retries.value($1) }
  }

  /// A counter of which every account has one.
  private func writeTotals(
    _ family: MetricFamily, into out: inout ByteBuffer,
    _ value: (MetricShard, _ row: Int) -> UInt64
  ) {
    exposition.writeHeader(family, into: &out)
    for (row, labels) in accounts {
      exposition.write(family, labels, total { value($0, row) }, into: &out)
    }
  }

  // MARK: By project

  private func writeDenials(into out: inout ByteBuffer) {
    writeDenials(MetricFamilies.ruleDenials, into: &out) { $0.ruleDenials.value($1) }
    writeDenials(MetricFamilies.rateDenials, into: &out) { $0.rateDenials.value($1) }
  }

  private func writeDenials(
    _ family: MetricFamily, into out: inout ByteBuffer,
    _ value: (MetricShard, _ index: Int) -> UInt64
  ) {
    exposition.writeHeader(family, into: &out)
    for (row, project) in (["anonymous"] + names.projects).enumerated() {
      for (offset, observe) in ["false", "true"].enumerated() {
        let total = total { value($0, 2 * row + offset) }
        if total == 0 { continue }
        var labels = LabelSet()
        labels.append("project", project)
        labels.append("observe", observe)
        exposition.write(family, labels, total, into: &out)
      }
    }
  }

  // MARK: By closed sets

  private func writePhases(into out: inout ByteBuffer) {
    guard let first = shards.first else { return }
    exposition.writeHeader(MetricFamilies.upstreamPhase, into: &out)
    var sum = HistogramSum(boundsNanoseconds: first.phases.boundsNanoseconds)
    for phase in UpstreamFailure.Phase.allCases {
      sum.reset()
      for shard in shards { sum.add(shard.phases, row: phase.rawValue) }
      var labels = LabelSet()
      labels.append("phase", Phase(phase).name)
      exposition.write(MetricFamilies.upstreamPhase, labels, sum, into: &out)
    }
  }

  private func writeUpstreams(into out: inout ByteBuffer) {
    writePair(MetricFamilies.upstreamRequests, "reused", "false", "true", into: &out) {
      ($0.upstreamRequests.value(0), $0.upstreamRequests.value(1))
    }
    writePair(MetricFamilies.tlsHandshakes, "resumed", "false", "true", into: &out) {
      ($0.total(.fullHandshakes), $0.total(.resumedHandshakes))
    }
    writeLevel(MetricFamilies.requestsQueued, .requestsQueued, into: &out)
    writeLevel(MetricFamilies.dialsInFlight, .dials, into: &out)
  }

  private func writeCodings(into out: inout ByteBuffer) {
    writePair(MetricFamilies.codingInput, "stage", "encode", "decode", into: &out) {
      ($0.total(.encodedIn), $0.total(.decodedIn))
    }
    writePair(MetricFamilies.codingOutput, "stage", "encode", "decode", into: &out) {
      ($0.total(.encodedOut), $0.total(.decodedOut))
    }
  }

  /// A counter with one label of two values.
  private func writePair(
    _ family: MetricFamily, _ label: StaticString, _ first: StaticString, _ second: StaticString,
    into out: inout ByteBuffer, _ values: (MetricShard) -> (UInt64, UInt64)
  ) {
    exposition.writeHeader(family, into: &out)
    for (value, total) in [
      (first, total { values($0).0 }), (second, total { values($0).1 }),
    ] {
      var labels = LabelSet()
      labels.append(label, value)
      exposition.write(family, labels, total, into: &out)
    }
  }

  private func writeLevel(
    _ family: MetricFamily, _ level: WorkerLevel, into out: inout ByteBuffer
  ) {
    exposition.writeHeader(family, into: &out)
    exposition.write(family, LabelSet(), self.level { $0.level(level) }, into: &out)
  }

  private func writeConnections(into out: inout ByteBuffer) {
    exposition.writeHeader(MetricFamilies.requestsInFlight, into: &out)
    let inFlight = level { $0.requestsInFlight }
    exposition.write(MetricFamilies.requestsInFlight, LabelSet(), inFlight, into: &out)

    exposition.writeHeader(MetricFamilies.connections, into: &out)
    for label in ConnectionLabel.allCases {
      var labels = LabelSet()
      labels.append("side", label.side)
      labels.append("state", label.state)
      let open = level { $0.connections(label) }
      exposition.write(MetricFamilies.connections, labels, open, into: &out)
    }

    exposition.writeHeader(MetricFamilies.connectionsClosed, into: &out)
    for reason in CloseReason.allCases {
      var labels = LabelSet()
      labels.append("reason", reason.name)
      let total = total { $0.closes.value(reason.rawValue) }
      exposition.write(MetricFamilies.connectionsClosed, labels, total, into: &out)
    }
  }

  private func writeLimits(into out: inout ByteBuffer) {
    exposition.writeHeader(MetricFamilies.limit, into: &out)
    for limit in names.limits {
      var labels = LabelSet()
      labels.append("limit", limit.name)
      exposition.write(MetricFamilies.limit, labels, limit.value, into: &out)
    }
    exposition.writeHeader(MetricFamilies.limitHits, into: &out)
    for (index, limit) in names.limits.enumerated() {
      var labels = LabelSet()
      labels.append("limit", limit.name)
      let total = total { $0.limitHits.value(index) }
      exposition.write(MetricFamilies.limitHits, labels, total, into: &out)
    }
  }

  private func writeFiles(into out: inout ByteBuffer) {
    guard let figures = names.files() else { return }
    let none = LabelSet()
    exposition.writeHeader(MetricFamilies.files, into: &out)
    exposition.write(MetricFamilies.files, none, figures.totals.files, into: &out)
    exposition.writeHeader(MetricFamilies.fileBytes, into: &out)
    exposition.write(MetricFamilies.fileBytes, none, figures.totals.bytes, into: &out)
    exposition.writeHeader(MetricFamilies.filesFree, into: &out)
    exposition.write(MetricFamilies.filesFree, none, figures.freeBytes, into: &out)
    exposition.writeHeader(MetricFamilies.filesExpired, into: &out)
    exposition.write(MetricFamilies.filesExpired, none, figures.expired, into: &out)
    exposition.writeHeader(MetricFamilies.spoolErrors, into: &out)
    for error in StoreError.allCases {
      var labels = LabelSet()
      labels.append("reason", error.name)
      exposition.write(
        MetricFamilies.spoolErrors, labels, figures.errors[error.rawValue], into: &out)
    }
  }

  private func writeFacts(into out: inout ByteBuffer) {
    let none = LabelSet()
    exposition.writeHeader(MetricFamilies.logLinesDropped, into: &out)
    exposition.write(MetricFamilies.logLinesDropped, none, names.logLinesDropped(), into: &out)
    exposition.writeHeader(MetricFamilies.idempotentReplays, into: &out)
    exposition.write(
      MetricFamilies.idempotentReplays, none, total { $0.total(.replays) }, into: &out)
    exposition.writeHeader(MetricFamilies.accountsFolded, into: &out)
    let folded = shards.first?.accountRows.folded ?? 0
    exposition.write(MetricFamilies.accountsFolded, none, folded, into: &out)
    exposition.writeHeader(MetricFamilies.configReloadSuccessful, into: &out)
    exposition.write(
      MetricFamilies.configReloadSuccessful, none, names.isConfigReloadSuccessful ? 1 : 0,
      into: &out)
    exposition.writeHeader(MetricFamilies.configReloadTimestamp, into: &out)
    exposition.write(
      MetricFamilies.configReloadTimestamp, none, names.configReloadUnixSeconds, into: &out)
    var digest = LabelSet()
    digest.append("digest", names.configDigest)
    exposition.writeHeader(MetricFamilies.configInfo, into: &out)
    exposition.write(MetricFamilies.configInfo, digest, 1, into: &out)
    var version = LabelSet()
    version.append("version", names.version)
    exposition.writeHeader(MetricFamilies.buildInfo, into: &out)
    exposition.write(MetricFamilies.buildInfo, version, 1, into: &out)
  }

  private func writeMemory(into out: inout ByteBuffer) {
    exposition.writeHeader(MetricFamilies.bufferedBytes, into: &out)
    let kept = level { $0.level(.keptBufferBytes) }
    exposition.write(
      MetricFamilies.bufferedBytes, LabelSet(), max(0, BufferMemory.heldBytes - kept), into: &out)
    exposition.writeHeader(MetricFamilies.allocatorBytes, into: &out)
    let allocated = Memory.allocated()
    for (state, bytes) in [
      ("used" as StaticString, allocated.used), ("free", allocated.free),
    ] {
      var labels = LabelSet()
      labels.append("state", state)
      exposition.write(MetricFamilies.allocatorBytes, labels, bytes, into: &out)
    }
  }

  // MARK: Sums over the workers

  private func total(_ value: (MetricShard) -> UInt64) -> UInt64 {
    shards.reduce(0) { $0 &+ value($1) }
  }

  /// A gauge's sum. The workers are not read at one moment, and a level cannot be negative.
  private func level(_ value: (MetricShard) -> Int) -> Int {
    max(0, shards.reduce(0) { $0 + value($1) })
  }
}
