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

  /// The whole page. The shards are of one size, one a worker.
  static func written(
    _ format: ExpositionFormat, shards: [MetricShard], names: MetricNames
  ) -> ByteBuffer {
    let page = MetricsPage(format, shards: shards, names: names)
    page.writeRequests()
    page.writeUpstreamResponses()
    page.writeHistograms()
    page.writePhases()
    page.writeUpstreams()
    page.writeCodings()
    page.writeBytes()
    page.writeErrors()
    page.writeDenials()
    page.writeConnections()
    page.writeLimits()
    page.writeFiles()
    page.writeFacts()
    page.writeMemory()
    QuotaMetrics.write(shards: shards, names: names, exposition: page.exposition)
    ProcessMetrics.write(exposition: page.exposition)
    return page.exposition.end()
  }

  private init(_ format: ExpositionFormat, shards: [MetricShard], names: MetricNames) {
    self.shards = shards
    self.names = names
    exposition = Exposition(format)
    guard let first = shards.first else {
      accounts = []
      return
    }
    let rows = first.accountRows
    precondition(shards.allSatisfy { $0.accountRows === rows })
    var accounts: [(row: Int, labels: LabelSet)] = []
    for row in 0...rows.noneRow where shards.isUsed(row: row) {
      guard let name = names.account(ofRow: row, in: rows) else { continue }
      var labels = LabelSet()
      labels.append("account", name)
      accounts.append((row, labels))
    }
    self.accounts = accounts
  }

  // MARK: By account

  private func writeRequests() {
    exposition.writeHeader(MetricFamilies.requests)
    var codes = SparseRowSum(width: MetricShard.codeSpan)
    for (row, account) in accounts {
      for method in MethodLabel.allCases {
        codes.reset()
        for shard in shards { codes.add(shard.requests, row: shard.requestRow(row, method)) }
        var labels = account
        labels.append("method", method.name)
        writeCodes(MetricFamilies.requests, labels, codes)
      }
    }
  }

  private func writeUpstreamResponses() {
    exposition.writeHeader(MetricFamilies.upstreamResponses)
    var codes = SparseRowSum(width: MetricShard.codeSpan)
    for (row, account) in accounts {
      codes.reset()
      for shard in shards { codes.add(shard.upstreamResponses, row: row) }
      writeCodes(MetricFamilies.upstreamResponses, account, codes)
    }
  }

  private func writeCodes(_ family: MetricFamily, _ labels: LabelSet, _ codes: SparseRowSum) {
    var labels = labels
    let withoutCode = labels.count
    codes.forEach { column, total in
      labels.cut(to: withoutCode)
      labels.append("code", MetricShard.codeMin + column)
      exposition.write(family, labels, total)
    }
  }

  private func writeErrors() {
    exposition.writeHeader(MetricFamilies.errors)
    var errors = SparseRowSum(width: MetricShard.errorsMax)
    for (row, account) in accounts {
      errors.reset()
      for shard in shards { errors.add(shard.errors, row: row) }
      errors.forEach { index, total in
        var labels = account
        labels.append("slug", names.errors[index].slug)
        labels.append("side", names.errors[index].side)
        exposition.write(MetricFamilies.errors, labels, total)
      }
    }
  }

  private func writeHistograms() {
    guard let first = shards.first else { return }
    var sum = HistogramSum(like: first.durations)
    exposition.writeHeader(MetricFamilies.requestDuration)
    for (row, labels) in accounts {
      sum.reset()
      for shard in shards { sum.add(shard.durations, row: row) }
      exposition.write(MetricFamilies.requestDuration, labels, sum) {
        exemplar(row: row, bucket: $0)
      }
    }
    exposition.writeHeader(MetricFamilies.upstreamTTFB)
    for (row, labels) in accounts {
      sum.reset()
      for shard in shards { sum.add(shard.ttfb, row: row) }
      exposition.write(MetricFamilies.upstreamTTFB, labels, sum)
    }
    exposition.writeHeader(MetricFamilies.upstreamConnect)
    sum.reset()
    for shard in shards { sum.add(shard.connects, row: 0) }
    exposition.write(MetricFamilies.upstreamConnect, LabelSet(), sum)

    var added = HistogramSum(like: first.added)
    exposition.writeHeader(MetricFamilies.proxyAdded)
    for (row, labels) in accounts {
      added.reset()
      for shard in shards { added.add(shard.added, row: row) }
      exposition.write(MetricFamilies.proxyAdded, labels, added)
    }
    added.reset()
    for shard in shards { added.add(shard.loopLag, row: 0) }
    exposition.writeHeader(MetricFamilies.eventLoopLag)
    exposition.write(MetricFamilies.eventLoopLag, LabelSet(), added)
    exposition.writeHeader(MetricFamilies.eventLoopTurns)
    exposition.write(MetricFamilies.eventLoopTurns, LabelSet(), added.count)
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

  private func writeBytes() {
    writeTotals(MetricFamilies.requestBytes) { $0.requestBytes.value($1) }
    writeTotals(MetricFamilies.responseBytes) { $0.responseBytes.value($1) }
    writeTotals(MetricFamilies.retries) { $0.retries.value($1) }
  }

  /// A counter of which every account has one.
  private func writeTotals(
    _ family: MetricFamily, _ value: (MetricShard, _ row: Int) -> UInt64
  ) {
    exposition.writeHeader(family)
    for (row, labels) in accounts {
      exposition.write(family, labels, shards.total { value($0, row) })
    }
  }

  // MARK: By project

  private func writeDenials() {
    writeDenials(MetricFamilies.ruleDenials) { $0.ruleDenials.value($1) }
    writeDenials(MetricFamilies.rateDenials) { $0.rateDenials.value($1) }
  }

  private func writeDenials(
    _ family: MetricFamily, _ value: (MetricShard, _ index: Int) -> UInt64
  ) {
    exposition.writeHeader(family)
    for (row, project) in (["anonymous"] + names.projects).enumerated() {
      for (offset, observe) in ["false", "true"].enumerated() {
        let total = shards.total { value($0, 2 * row + offset) }
        if total == 0 { continue }
        var labels = LabelSet()
        labels.append("project", project)
        labels.append("observe", observe)
        exposition.write(family, labels, total)
      }
    }
  }

  // MARK: By closed sets

  private func writePhases() {
    guard let first = shards.first else { return }
    exposition.writeHeader(MetricFamilies.upstreamPhase)
    var sum = HistogramSum(like: first.phases)
    for phase in UpstreamFailure.Phase.allCases {
      sum.reset()
      for shard in shards { sum.add(shard.phases, row: phase.rawValue) }
      var labels = LabelSet()
      labels.append("phase", Phase(phase).name)
      exposition.write(MetricFamilies.upstreamPhase, labels, sum)
    }
  }

  private func writeUpstreams() {
    writePair(MetricFamilies.upstreamRequests, "reused", "false", "true") {
      ($0.upstreamRequests.value(0), $0.upstreamRequests.value(1))
    }
    writePair(MetricFamilies.tlsHandshakes, "resumed", "false", "true") {
      ($0.total(.fullHandshakes), $0.total(.resumedHandshakes))
    }
    writeLevel(MetricFamilies.requestsQueued, .requestsQueued)
    writeLevel(MetricFamilies.dialsInFlight, .dials)
  }

  private func writeCodings() {
    writePair(MetricFamilies.codingInput, "stage", "encode", "decode") {
      ($0.total(.encodedIn), $0.total(.decodedIn))
    }
    writePair(MetricFamilies.codingOutput, "stage", "encode", "decode") {
      ($0.total(.encodedOut), $0.total(.decodedOut))
    }
  }

  /// A counter with one label of two values.
  private func writePair(
    _ family: MetricFamily, _ label: StaticString, _ first: StaticString, _ second: StaticString,
    _ values: (MetricShard) -> (UInt64, UInt64)
  ) {
    exposition.writeHeader(family)
    for (value, total) in [
      (first, shards.total { values($0).0 }), (second, shards.total { values($0).1 }),
    ] {
      var labels = LabelSet()
      labels.append(label, value)
      exposition.write(family, labels, total)
    }
  }

  private func writeLevel(_ family: MetricFamily, _ level: WorkerLevel) {
    exposition.writeHeader(family)
    exposition.write(family, LabelSet(), shards.level { $0.level(level) })
  }

  private func writeConnections() {
    exposition.writeHeader(MetricFamilies.requestsInFlight)
    let inFlight = shards.level { $0.requestsInFlight }
    exposition.write(MetricFamilies.requestsInFlight, LabelSet(), inFlight)

    exposition.writeHeader(MetricFamilies.connections)
    for label in ConnectionLabel.allCases {
      var labels = LabelSet()
      labels.append("side", label.side)
      labels.append("state", label.state)
      let open = shards.level { $0.connections(label) }
      exposition.write(MetricFamilies.connections, labels, open)
    }

    exposition.writeHeader(MetricFamilies.connectionsClosed)
    for reason in CloseReason.allCases {
      var labels = LabelSet()
      labels.append("reason", reason.name)
      let total = shards.total { $0.closes.value(reason.rawValue) }
      exposition.write(MetricFamilies.connectionsClosed, labels, total)
    }
  }

  private func writeLimits() {
    exposition.writeHeader(MetricFamilies.limit)
    for limit in names.limits {
      var labels = LabelSet()
      labels.append("limit", limit.name)
      exposition.write(MetricFamilies.limit, labels, limit.value)
    }
    exposition.writeHeader(MetricFamilies.limitHits)
    for (index, limit) in names.limits.enumerated() {
      var labels = LabelSet()
      labels.append("limit", limit.name)
      let total = shards.total { $0.limitHits.value(index) }
      exposition.write(MetricFamilies.limitHits, labels, total)
    }
  }

  private func writeFiles() {
    guard let figures = names.files() else { return }
    let none = LabelSet()
    exposition.writeHeader(MetricFamilies.files)
    exposition.write(MetricFamilies.files, none, figures.totals.files)
    exposition.writeHeader(MetricFamilies.fileBytes)
    exposition.write(MetricFamilies.fileBytes, none, figures.totals.bytes)
    exposition.writeHeader(MetricFamilies.filesFree)
    exposition.write(MetricFamilies.filesFree, none, figures.freeBytes)
    exposition.writeHeader(MetricFamilies.filesExpired)
    exposition.write(MetricFamilies.filesExpired, none, figures.expired)
    exposition.writeHeader(MetricFamilies.spoolErrors)
    for error in StoreError.allCases {
      var labels = LabelSet()
      labels.append("reason", error.name)
      exposition.write(MetricFamilies.spoolErrors, labels, figures.errors[error.rawValue])
    }
  }

  private func writeFacts() {
    let none = LabelSet()
    exposition.writeHeader(MetricFamilies.logLinesDropped)
    exposition.write(MetricFamilies.logLinesDropped, none, names.logLinesDropped())
    exposition.writeHeader(MetricFamilies.idempotentReplays)
    exposition.write(MetricFamilies.idempotentReplays, none, shards.total { $0.total(.replays) })
    exposition.writeHeader(MetricFamilies.accountsFolded)
    let folded = shards.first?.accountRows.folded ?? 0
    exposition.write(MetricFamilies.accountsFolded, none, folded)
    exposition.writeHeader(MetricFamilies.configReloadSuccessful)
    exposition.write(
      MetricFamilies.configReloadSuccessful, none, names.isConfigReloadSuccessful ? 1 : 0)
    exposition.writeHeader(MetricFamilies.configReloadTimestamp)
    exposition.write(MetricFamilies.configReloadTimestamp, none, names.configReloadUnixSeconds)
    var digest = LabelSet()
    digest.append("digest", names.configDigest)
    exposition.writeHeader(MetricFamilies.configInfo)
    exposition.write(MetricFamilies.configInfo, digest, 1)
    var version = LabelSet()
    version.append("version", names.version)
    exposition.writeHeader(MetricFamilies.buildInfo)
    exposition.write(MetricFamilies.buildInfo, version, 1)
  }

  private func writeMemory() {
    exposition.writeHeader(MetricFamilies.bufferedBytes)
    let kept = shards.level { $0.level(.keptBufferBytes) }
    exposition.write(
      MetricFamilies.bufferedBytes, LabelSet(), max(0, BufferMemory.heldBytes - kept))
    exposition.writeHeader(MetricFamilies.allocatorBytes)
    let allocated = Memory.allocated()
    for (state, bytes) in [
      ("used" as StaticString, allocated.used), ("free", allocated.free),
    ] {
      var labels = LabelSet()
      labels.append("state", state)
      exposition.write(MetricFamilies.allocatorBytes, labels, bytes)
    }
  }
}
