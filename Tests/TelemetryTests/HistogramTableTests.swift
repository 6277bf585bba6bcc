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

  @Test func `a quantile lies within its bucket as far as its rank does`() {
    let sum = counts([5, 5, 15, 15, 15, 15, 30, 30, 30, 100])
    #expect(sum.quantileNanoseconds(0.1) == 5)
    #expect(sum.quantileNanoseconds(0.2) == 10)
    #expect(sum.quantileNanoseconds(0.5) == 17)  // three of the four between 10 and 20
    #expect(sum.quantileNanoseconds(0.9) == 40)
    #expect(sum.quantileNanoseconds(0.99) == 40)  // above the last bound nothing is known
    #expect(counts([]).quantileNanoseconds(0.5) == nil)
    #expect(counts([15]).quantileNanoseconds(1) == 20)
  }

  @Test func `what an earlier reader has seen can be taken away, and added again`() {
    let earlier = counts([5, 15])
    var sum = counts([5, 15, 15, 100])
    sum.subtract(earlier)
    #expect(sum.counts == [0, 1, 0, 1])
    #expect(sum.sumNanoseconds == 115)
    sum.add(earlier)
    #expect(sum.counts == [1, 2, 0, 1])
    #expect(sum.sumNanoseconds == 135)
  }

  @Test func `a clock that ran backwards counts as no time`() {
    let sum = counts([-7])
    #expect(sum.counts == [1, 0, 0, 0])
    #expect(sum.sumNanoseconds == 0)
  }
}
