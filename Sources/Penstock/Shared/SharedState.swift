import EventLoop
import Telemetry

/// What the workers share: the configuration and what follows from it, the log's sink, the shards
/// for a scrape, and counts.
final class SharedState: Sendable {
  let configuration: Configuration
  // What requests are judged by.
  let authenticator: Authenticator
  let router: Router
  let compression: CompressionRules
  let sink: LogSink
  let shards: [MetricShard]
  let metricNames: MetricNames
  let connections = SharedCount()
  let addresses: AddressCounts
  let runningWorkers = SharedCount()
  let replays: ReplayTable
  let gates: Gates
  /// Writes pages for scrapers and browsers, and takes the samples of `history`, one at a time.
  let scrapes = BlockingTasks(threadsMax: 1)
  let history: StatusHistory
  /// Nil where there is no directory for it.
  let files: FileStore?
  /// The configured limit, or what fits the descriptors.
  let connectionsMax: Int
  let ownListeners: [SocketAddress]

  init(
    _ configuration: Configuration, sink: LogSink, files: FileStore?, connectionsMax: Int,
    ownListeners: [SocketAddress], startUnixSeconds: Double
  ) {
    self.configuration = configuration
    authenticator = Authenticator(configuration.projects)
    router = Router(configuration)
    compression = CompressionRules(configuration)
    self.sink = sink
    self.files = files
    self.connectionsMax = connectionsMax
    self.ownListeners = ownListeners
    replays = ReplayTable(
      configuration.idempotency, answerBytesMax: configuration.limits.idempotentAnswerBytes)
    gates = Gates(configuration)
    addresses = AddressCounts(limit: configuration.limits.connectionsPerAddress)
    let accountRows = AccountRows(
      accounts: configuration.accounts.count, rowsMax: configuration.metrics.accountsMax)
    let bounds = configuration.metrics.bucketsSeconds.map { Int64($0 * 1e9) }
    let addedBounds = configuration.metrics.addedBucketsSeconds.map { Int64($0 * 1e9) }
    shards = (0..<configuration.workers).map { _ in
      MetricShard(
        accountRows, projectCount: configuration.projects.count,
        durationBoundsNanoseconds: bounds, addedBoundsNanoseconds: addedBounds,
        hasExemplars: configuration.metrics.exemplars,
        hasNativeHistograms: configuration.metrics.nativeHistograms)
    }
    history = StatusHistory(shards)
    metricNames = MetricNames(
      account: { configuration.accounts[$0].id }, projects: configuration.projects.map(\.name),
      errors: PenstockError.allCases.map {
        MetricNames.ErrorName(slug: $0.row.slug, side: $0.row.side.name)
      },
      limits: LimitName.allCases.map {
        let value = $0 == .connections ? connectionsMax : $0.value(configuration)
        return MetricNames.LimitName(name: $0.name, value: value)
      },
      logLinesDropped: { sink.droppedLines }, files: { files?.figures },
      isConfigReloadSuccessful: true,
      configReloadUnixSeconds: startUnixSeconds, configDigest: configuration.digest,
      version: penstockVersion)
  }
}
