/// Rows of counters of which few are ever used; finding those costs little.
///
/// Each row has 64 bits, and a bit is set exactly when one of the counters that it stands for was
/// written. A reader looks only at those, so that it neither walks through nor touches the rest.
/// One thread writes, any thread reads.
public struct SparseCounterTable: ~Copyable, Sendable {
  /// The counters of a row, a multiple of 64.
  public let width: Int
  public let rows: Int
  @usableFromInline let cells: CounterTable
  @usableFromInline let used: CounterTable
  @usableFromInline let columnsPerBit: Int

  public init(rows: Int, width: Int) {
    precondition(width > 0 && width.isMultiple(of: 64))
    self.rows = rows
    self.width = width
    columnsPerBit = width / 64
    cells = CounterTable(count: rows * width)
    used = CounterTable(count: rows)
  }

  /// Adds to a counter, from the writing thread alone.
  @inlinable public func add(row: Int, column: Int, _ amount: UInt64) {
    precondition(column >= 0 && column < width)
    let index = row &* width &+ column
    if cells.value(index) == 0 { used.insert(row, bits: 1 << UInt64(column / columnsPerBit)) }
    cells.add(index, amount)
  }

  @inlinable public func value(row: Int, column: Int) -> UInt64 {
    precondition(column >= 0 && column < width)
    return cells.value(row &* width &+ column)
  }

  /// The bits of a row, the lowest for its first `width / 64` columns and so on; 0 when none of its
  /// counters was ever written.
  @inlinable public func usedBits(row: Int) -> UInt64 { used.value(row) }
}
