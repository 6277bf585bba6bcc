import EventLoop
import Synchronization
import Telemetry
import Wire

/// The last minutes of the process, for the status page: what was counted, every other second for
/// all accounts together, and of each account for the last minute.
///
/// A sample is taken whether or not anybody looks, so that the page knows since when.
// Sendable: it is touched by tasks of `SharedState.scrapes` alone, of which one runs at a time; but
// for `isSampling`, an atomic.
final class StatusHistory: @unchecked Sendable {
  struct Sample {
    /// Monotonic, for what is reckoned; and when that was, to be told.
    let nanoseconds: Int64
    let unixNanoseconds: Int64
    let figures: StatusFigures

    init(_ figures: StatusFigures) {
      nanoseconds = Clock.monotonicNanoseconds()
      unixNanoseconds = Clock.wallNanoseconds()
      self.figures = figures
    }
  }

  static let intervalNanoseconds: Int64 = 2_000_000_000
  /// Five minutes, and the sample that they begin with.
  private static let samplesMax = 151

  /// The oldest first; the first of all was taken when nothing was counted yet.
  private(set) var samples: [Sample]
  /// By row of the shards; nil for those that were not used yet.
  private(set) var accounts: [AccountHistory?]

  /// A sample is due or being taken: no second one is asked for.
  private let isSampling = Atomic(false)
  private let shards: [MetricShard]
  private let empty: StatusFigures
  // Memory to add with.
  private var errors = SparseRowSum(width: MetricShard.errorsMax)
  private var codes = SparseRowSum(width: MetricShard.codeSpan)

  /// The shards of all workers, of which there is at least one.
  init(_ shards: [MetricShard]) {
    self.shards = shards
    empty = StatusFigures(boundsOf: shards[0])
    accounts = Array(repeating: nil, count: shards[0].accountRows.noneRow + 1)
    samples = [Sample(empty)]
  }

  /// Has a helper thread take a sample, from any thread. Where the helper is late, samples are left
  /// out and none waits.
  func sampleSoon(on tasks: BlockingTasks) {
    if isSampling.exchange(true, ordering: .relaxed) { return }
    tasks.submit {
      self.sample()
      self.isSampling.store(false, ordering: .relaxed)
    }
  }

  /// Looks at what the workers have counted by now.
  private func sample() {
    let before = newest.nanoseconds
    let now = Clock.monotonicNanoseconds()
    let nowUnixSeconds = Int(Clock.wallNanoseconds() / 1_000_000_000)
    var all = empty
    for row in accounts.indices where shards.isUsed(row: row) {
      var figures = empty
      figures.add(shards, row: row, &errors, &codes)
      all.add(figures)
      if accounts[row] == nil { accounts[row] = AccountHistory(empty, nanoseconds: before) }
      accounts[row]?.take(
        figures, nanoseconds: now, quota(row: row), nowUnixSeconds: nowUnixSeconds)
    }
    if samples.count == Self.samplesMax { samples.removeFirst() }
    samples.append(Sample(all))
  }

  var newest: Sample { samples[samples.count - 1] }

  /// The sample that the last minute is reckoned from, and the newest.
  var lastMinute: (from: Sample, to: Sample) {
    let newest = newest
    let from = samples.last {
      newest.nanoseconds - $0.nanoseconds >= AccountHistory.windowNanoseconds
    }
    return (from ?? samples[0], newest)
  }

  /// What a row's upstream said last of its quota.
  func quota(row: Int) -> Quota {
    row < shards[0].accountRows.rowsMax ? QuotaTable.newest(shards, row: row) : Quota()
  }
}
