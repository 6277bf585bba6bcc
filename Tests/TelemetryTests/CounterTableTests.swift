import Glibc
import Testing

@testable import Telemetry

@Suite struct CounterTableTests {
  @Test func `counters start at 0 and add up one by one`() {
    let table = CounterTable(count: 3)
    #expect((0..<3).allSatisfy { table.value($0) == 0 })
    table.add(1, 2)
    table.add(1, 40)
    table.add(2, 1)
    #expect((0..<3).map { table.value($0) } == [0, 42, 1])
  }

  @Test func `a gauge goes down as well as up`() {
    let table = GaugeTable(count: 2)
    table.add(0, 3)
    table.add(0, -5)
    #expect(table.value(0) == -2)
    #expect(table.value(1) == 0)
  }

  @Test func `a large table is resident only where it was written`() {
    let table = CounterTable(count: 1 << 22)  // 32 MiB
    table.add(0, 1)
    table.add(1 << 21, 1)
    let pageBytes = sysconf(Int32(_SC_PAGESIZE))
    var resident = [UInt8](repeating: 0, count: (32 << 20) / pageBytes)
    #expect(mincore(UnsafeMutableRawPointer(table.cells), 32 << 20, &resident) == 0)
    #expect(resident.count { $0 & 1 == 1 } == 2)
  }

  @Test func `a sparse row is summed over tables and lists only what was counted`() {
    let first = SparseCounterTable(rows: 2, width: 512)
    let second = SparseCounterTable(rows: 2, width: 512)
    first.add(row: 1, column: 0, 1)
    first.add(row: 1, column: 100, 2)
    second.add(row: 1, column: 100, 3)
    second.add(row: 1, column: 511, 4)
    second.add(row: 0, column: 7, 9)
    #expect(first.usedBits(row: 0) == 0)

    var sum = SparseRowSum(width: 512)
    sum.add(first, row: 1)
    sum.add(second, row: 1)
    var seen: [[UInt64]] = []
    sum.forEach { seen.append([UInt64($0), $1]) }
    #expect(seen == [[0, 1], [100, 5], [511, 4]])

    sum.reset()
    sum.forEach { _, _ in Issue.record("an empty row has no columns") }
    sum.add(second, row: 0)
    seen = []
    sum.forEach { seen.append([UInt64($0), $1]) }
    #expect(seen == [[7, 9]])
  }
}
