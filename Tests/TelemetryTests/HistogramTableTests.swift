import Testing

@testable import Telemetry

@Suite struct HistogramTableTests {
  private func counts(_ durations: [Int64]) -> HistogramSum {
    let table = HistogramTable(rows: 2, boundsNanoseconds: [10, 20, 40])
    for duration in durations { table.observe(row: 1, nanoseconds: duration) }
    var sum = HistogramSum(like: table)
    sum.add(table, row: 0)
    #expect(sum.count == 0)
    sum.add(table, row: 1)
    return sum
  }

  @Test func `a duration falls into the first bucket whose bound it does not exceed`() {
    #expect(counts([0, 10]).counts == [2, 0, 0, 0])
    #expect(counts([11, 20]).counts == [0, 2, 0, 0])
    #expect(counts([21, 40]).counts == [0, 0, 2, 0])
    #expect(counts([41, 30_000_000_000]).counts == [0, 0, 0, 2])
  }

  @Test func `the count and the sum are those of all durations`() {
    let sum = counts([5, 15, 100])
    #expect(sum.count == 3)
    #expect(sum.sumNanoseconds == 120)
  }

  @Test func `a clock that ran backwards counts as no time`() {
    let sum = counts([-7])
    #expect(sum.counts == [1, 0, 0, 0])
    #expect(sum.sumNanoseconds == 0)
  }
}
