/// One histogram as a reader sees it: a row summed over the tables of all workers.
public struct HistogramSum: Sendable {
  public let boundsNanoseconds: [Int64]
  /// Each bucket's own count; the last one has no bound.
  public private(set) var counts: [UInt64]
  public private(set) var sumNanoseconds: UInt64 = 0
  /// By the columns of `NativeBuckets`; nil where the tables count none.
  private(set) var native: SparseRowSum?

  /// An empty one, for rows of such tables.
  public init(like table: borrowing HistogramTable) {
    boundsNanoseconds = table.boundsNanoseconds
    counts = Array(repeating: 0, count: boundsNanoseconds.count + 1)
    native = table.native == nil ? nil : SparseRowSum(width: NativeBuckets.columns)
  }

  public var count: UInt64 { counts.reduce(0, &+) }

  /// Adds a table's row, which must have the same bounds.
  public mutating func add(_ table: borrowing HistogramTable, row: Int) {
    precondition(table.boundsNanoseconds.count + 1 == counts.count)
    table.addNative(row: row, to: &native)
    for bucket in counts.indices { counts[bucket] &+= table.bucket(bucket, row: row) }
    sumNanoseconds &+= table.sumNanoseconds(row: row)
  }

  /// Empties it, so that a reader can go through many rows with one.
  public mutating func reset() {
    for bucket in counts.indices { counts[bucket] = 0 }
    sumNanoseconds = 0
    native?.reset()
  }
}
