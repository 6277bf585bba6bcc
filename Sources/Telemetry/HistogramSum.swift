/// One histogram as a reader sees it: a row summed over the tables of all workers.
public struct HistogramSum: Sendable {
  public let boundsNanoseconds: [Int64]
  /// Each bucket's own count; the last one has no bound.
  public private(set) var counts: [UInt64]
  public private(set) var sumNanoseconds: UInt64 = 0

  public init(boundsNanoseconds: [Int64]) {
    self.boundsNanoseconds = boundsNanoseconds
    counts = Array(repeating: 0, count: boundsNanoseconds.count + 1)
  }

  public var count: UInt64 { counts.reduce(0, &+) }

  /// Adds a table's row, which must have the same bounds.
  public mutating func add(_ table: borrowing HistogramTable, row: Int) {
    precondition(table.boundsNanoseconds.count + 1 == counts.count)
    for bucket in counts.indices { counts[bucket] &+= table.bucket(bucket, row: row) }
    sumNanoseconds &+= table.sumNanoseconds(row: row)
  }

  /// Empties it, so that a reader can go through many rows with one.
  public mutating func reset() {
    for bucket in counts.indices { counts[bucket] = 0 }
    sumNanoseconds = 0
  }
}
