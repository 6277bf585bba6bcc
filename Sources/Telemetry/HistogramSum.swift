/// One histogram as a reader sees it: a row summed over the tables of all workers.
public struct HistogramSum: Sendable {
  public let boundsNanoseconds: [Int64]
  /// Each bucket's own count; the last one has no bound.
  public private(set) var counts: [UInt64]
  public private(set) var sumNanoseconds: UInt64 = 0
  /// By the columns of `NativeBuckets`; nil where the tables count none.
  private(set) var native: SparseRowSum?

  /// An empty one, for rows of such tables. `isClassic`: without their native buckets.
  public init(like table: borrowing HistogramTable, isClassic: Bool = false) {
    boundsNanoseconds = table.boundsNanoseconds
    counts = Array(repeating: 0, count: boundsNanoseconds.count + 1)
    let isNative = table.native != nil && !isClassic
    native = isNative ? SparseRowSum(width: NativeBuckets.columns) : nil
  }

  public var count: UInt64 { counts.reduce(0, &+) }

  /// Adds a table's row, which must have the same bounds.
  public mutating func add(_ table: borrowing HistogramTable, row: Int) {
    precondition(table.boundsNanoseconds.count + 1 == counts.count)
    table.addNative(row: row, to: &native)
    for bucket in counts.indices { counts[bucket] &+= table.bucket(bucket, row: row) }
    sumNanoseconds &+= table.sumNanoseconds(row: row)
  }

  /// Adds another one, which must have the same bounds. Neither has native buckets.
  public mutating func add(_ other: HistogramSum) { combine(other, &+) }

  /// Takes away what an earlier reader of the same rows has seen.
  public mutating func subtract(_ earlier: HistogramSum) { combine(earlier, &-) }

  private mutating func combine(
    _ other: HistogramSum, _ operation: (UInt64, UInt64) -> UInt64
  ) {
    precondition(other.counts.count == counts.count && native == nil && other.native == nil)
    for bucket in counts.indices {
      counts[bucket] = operation(counts[bucket], other.counts[bucket])
    }
    sumNanoseconds = operation(sumNanoseconds, other.sumNanoseconds)
  }

  /// An estimate of the duration that a share of all stay below, as Prometheus' histogram_quantile
  /// makes it: evenly spread within a bucket, and the last bound for what lies above it. Nil where
  /// nothing was counted.
  public func quantileNanoseconds(_ share: Double) -> Int64? {
    let rank = share * Double(count)
    if count == 0 { return nil }
    var below: UInt64 = 0
    for (bucket, bound) in boundsNanoseconds.enumerated() {
      let upTo = below &+ counts[bucket]
      if counts[bucket] > 0, Double(upTo) >= rank {
        let start = bucket == 0 ? 0 : boundsNanoseconds[bucket - 1]
        let part = (rank - Double(below)) / Double(counts[bucket])
        return start + Int64(Double(bound - start) * part)
      }
      below = upTo
    }
    return boundsNanoseconds[boundsNanoseconds.count - 1]
  }

  /// Empties it, so that a reader can go through many rows with one.
  public mutating func reset() {
    for bucket in counts.indices { counts[bucket] = 0 }
    sumNanoseconds = 0
    native?.reset()
  }
}
