import Telemetry
import Wire

/// What upstreams said last of their accounts' quotas, as one worker has heard it: its thread
/// writes, a scrape reads from any.
///
/// Accounts without a row of their own have none here either: their quotas are no one's together.
/// A scrape that comes in the middle of a word may see parts of the one before.
struct QuotaTable: ~Copyable, Sendable {
  /// The cells of an account. Values are kept plus one, so that 0 is what was not said.
  private enum Cell: Int, CaseIterable {
    case saidNanoseconds, limit, remaining, reset, retrySaidNanoseconds, retry
  }

  /// Of one account: what was said, and when, in loop time.
  struct Word {
    var quota = Quota()
    var saidNanoseconds = 0
    var retrySaidNanoseconds = 0
  }

  private let rows: Int
  private let cells: GaugeTable

  init(rows: Int) {
    self.rows = rows
    cells = GaugeTable(count: max(1, rows) * Cell.allCases.count)
  }

  /// Keeps what was said, from the worker's thread. What a quota's new word leaves out is not known
  /// any more; when to come back is a word of its own.
  func note(_ quota: Quota, row: Int, nowNanoseconds: Int64) {
    guard 0..<rows ~= row else { return }
    if quota.isSaid {
      set(row, .saidNanoseconds, Int(nowNanoseconds))
      set(row, .limit, quota.limit)
      set(row, .remaining, quota.remaining)
      set(row, .reset, quota.resetUnixSeconds)
    }
    if quota.retryUnixSeconds != nil {
      set(row, .retrySaidNanoseconds, Int(nowNanoseconds))
      set(row, .retry, quota.retryUnixSeconds)
    }
  }

  /// What was said of a row's account, from any thread.
  func word(row: Int) -> Word {
    Word(
      quota: Quota(
        limit: value(row, .limit), remaining: value(row, .remaining),
        resetUnixSeconds: value(row, .reset), retryUnixSeconds: value(row, .retry)),
      saidNanoseconds: value(row, .saidNanoseconds) ?? 0,
      retrySaidNanoseconds: value(row, .retrySaidNanoseconds) ?? 0)
  }

  /// What was said last of a row's account to any worker. Their loops have one clock.
  static func newest(_ shards: [MetricShard], row: Int) -> Quota {
    var newest = Word()
    for shard in shards {
      let word = shard.quotas.word(row: row)
      if word.saidNanoseconds > newest.saidNanoseconds {
        newest.saidNanoseconds = word.saidNanoseconds
        let retry = newest.quota.retryUnixSeconds
        newest.quota = word.quota
        newest.quota.retryUnixSeconds = retry
      }
      if word.retrySaidNanoseconds > newest.retrySaidNanoseconds {
        newest.retrySaidNanoseconds = word.retrySaidNanoseconds
        newest.quota.retryUnixSeconds = word.quota.retryUnixSeconds
      }
    }
    return newest.quota
  }

  private func set(_ row: Int, _ cell: Cell, _ value: Int?) {
    let index = row * Cell.allCases.count + cell.rawValue
    cells.add(index, (value.map { $0 + 1 } ?? 0) - cells.value(index))
  }

  private func value(_ row: Int, _ cell: Cell) -> Int? {
    let kept = cells.value(row * Cell.allCases.count + cell.rawValue)
    return kept == 0 ? nil : kept - 1
  }
}
