import Synchronization

/// A fixed number of counters that one thread writes and any thread reads.
///
/// It owns its memory: whole pages, so that no two workers' counters share a cache line, and a page
/// is resident only once one of its counters was written.
// Sendable: the memory lives exactly as long as the table, and every cell is an atomic. A second
// writer would lose counts but nothing else.
public struct CounterTable: ~Copyable, @unchecked Sendable {
  public let count: Int
  @usableFromInline let cells: UnsafeMutablePointer<Atomic<UInt64>>
  private let mappedBytes: Int

  /// Makes `count` counters that stand at 0.
  public init(count: Int) {
    precondition(count > 0)
    self.count = count
    mappedBytes = count * MemoryLayout<Atomic<UInt64>>.stride
    let memory = ZeroedPages.map(bytes: mappedBytes)
    cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
  }

  deinit { ZeroedPages.unmap(UnsafeMutableRawPointer(cells), bytes: mappedBytes) }

  /// Adds to a counter, from the writing thread alone: one plain add, no locked instruction.
  @inlinable public func add(_ index: Int, _ amount: UInt64) {
    precondition(index >= 0 && index < count)
    let value = cells[index].load(ordering: .relaxed)
    cells[index].store(value &+ amount, ordering: .relaxed)
  }

  /// Sets bits of a cell that is used as a bitmap, from the writing thread alone.
  @inlinable public func insert(_ index: Int, bits: UInt64) {
    precondition(index >= 0 && index < count)
    let value = cells[index].load(ordering: .relaxed)
    cells[index].store(value | bits, ordering: .relaxed)
  }

  /// Sets a cell, from the writing thread alone, behind all that it wrote before.
  @inlinable public func setInOrder(_ index: Int, _ value: UInt64) {
    precondition(index >= 0 && index < count)
    cells[index].store(value, ordering: .releasing)
  }

  /// Reads a cell, before all that is read later.
  @inlinable public func valueInOrder(_ index: Int) -> UInt64 {
    precondition(index >= 0 && index < count)
    return cells[index].load(ordering: .acquiring)
  }

  /// What a counter stands at, read from any thread.
  @inlinable public func value(_ index: Int) -> UInt64 {
    precondition(index >= 0 && index < count)
    return cells[index].load(ordering: .relaxed)
  }
}
