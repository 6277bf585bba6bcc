/// A sparse table's row as a reader sees it: summed over the tables of all workers.
public struct SparseRowSum: Sendable {
  private var counts: [UInt64]
  /// A bit for each group of columns in which some table has counted.
  private var usedBits: UInt64 = 0

  /// `width`: that of the tables.
  public init(width: Int) {
    precondition(width > 0 && width.isMultiple(of: 64))
    counts = Array(repeating: 0, count: width)
  }

  /// Adds a table's row, which must be as wide.
  public mutating func add(_ table: borrowing SparseCounterTable, row: Int) {
    precondition(table.width == counts.count)
    let bits = table.usedBits(row: row)
    usedBits |= bits
    for bit in 0..<64 where bits & 1 << UInt64(bit) != 0 {
      for column in columns(ofBit: bit) { counts[column] &+= table.value(row: row, column: column) }
    }
  }

  /// Calls `body` with each column that is not 0, in ascending order, and what it stands at.
  public func forEach(_ body: (_ column: Int, _ total: UInt64) -> Void) {
    for bit in 0..<64 where usedBits & 1 << UInt64(bit) != 0 {
      for column in columns(ofBit: bit) where counts[column] > 0 { body(column, counts[column]) }
    }
  }

  /// Empties it, so that a reader can go through many rows with one.
  public mutating func reset() {
    for bit in 0..<64 where usedBits & 1 << UInt64(bit) != 0 {
      for column in columns(ofBit: bit) { counts[column] = 0 }
    }
    usedBits = 0
  }

  private func columns(ofBit bit: Int) -> Range<Int> {
    let each = counts.count / 64
    return bit * each..<(bit + 1) * each
  }
}
