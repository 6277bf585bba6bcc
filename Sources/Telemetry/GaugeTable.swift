/// A fixed number of values that go up and down: one thread writes, any thread reads.
public struct GaugeTable: ~Copyable, Sendable {
  // Two's complement: adding the bits of a negative number subtracts.
  @usableFromInline let cells: CounterTable

  public init(count: Int) { cells = CounterTable(count: count) }

  /// Adds to a value, from the writing thread alone; a negative amount takes away.
  @inlinable public func add(_ index: Int, _ amount: Int) {
    cells.add(index, UInt64(bitPattern: Int64(amount)))
  }

  /// What a value stands at, read from any thread.
  @inlinable public func value(_ index: Int) -> Int {
    Int(Int64(bitPattern: cells.value(index)))
  }
}
