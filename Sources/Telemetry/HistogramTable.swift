/// Rows of duration histograms with the same bounds: one thread writes, any thread reads.
///
/// A row is one cell a bucket, one for what lies above the last bound, and one for the sum. There
/// is no cell for the count: it is the sum of the buckets, so that the two never disagree. Where
/// asked for, each duration is counted in the buckets of a native histogram, too.
public struct HistogramTable: ~Copyable, Sendable {
  /// The upper bounds, inclusive and ascending.
  public let boundsNanoseconds: [Int64]
  public let rows: Int
  /// By the columns of `NativeBuckets`: a row is a page of memory, resident once it is used.
  @usableFromInline let native: SparseCounterTable?
  @usableFromInline let cells: CounterTable
  @usableFromInline let stride: Int

  public init(rows: Int, boundsNanoseconds: [Int64], isNative: Bool = false) {
    precondition(!boundsNanoseconds.isEmpty)
    precondition(zip(boundsNanoseconds, boundsNanoseconds.dropFirst()).allSatisfy { $0 < $1 })
    self.rows = rows
    self.boundsNanoseconds = boundsNanoseconds
    stride = boundsNanoseconds.count + 2
    cells = CounterTable(count: rows * stride)
    native = isNative ? SparseCounterTable(rows: rows, width: NativeBuckets.columns) : nil
  }

  /// Counts one duration, from the writing thread alone. A clock that ran backwards counts as 0.
  @inlinable public func observe(row: Int, nanoseconds: Int64) {
    precondition(row >= 0 && row < rows)
    let first = row &* stride
    cells.add(first &+ bucket(of: nanoseconds), 1)
    cells.add(first &+ stride &- 1, UInt64(max(0, nanoseconds)))
    native?.add(row: row, column: NativeBuckets.column(ofNanoseconds: nanoseconds), 1)
  }

  /// The bucket that a duration falls into.
  @inlinable public func bucket(of nanoseconds: Int64) -> Int {
    let duration = max(0, nanoseconds)
    let bounds = boundsNanoseconds.span
    var bucket = 0
    var index = 0
    // Every bound is compared and no branch depends on one: with so few of them that is faster
    // than a binary search, whose branches cannot be predicted.
    while index < bounds.count {
      bucket &+= bounds[index] < duration ? 1 : 0
      index &+= 1
    }
    return bucket
  }

  /// A bucket's own count, not cumulative; the one at `boundsNanoseconds.count` has no bound.
  @inlinable public func bucket(_ bucket: Int, row: Int) -> UInt64 {
    precondition(bucket >= 0 && bucket < stride - 1)
    return cells.value(row * stride + bucket)
  }

  @inlinable public func sumNanoseconds(row: Int) -> UInt64 {
    cells.value(row * stride + stride - 1)
  }

  /// Adds a row's native buckets to a sum, where there are any.
  func addNative(row: Int, to sum: inout SparseRowSum?) {
    switch native {
    case .some(let native): sum?.add(native, row: row)
    case .none: break
    }
  }
}
