import Testing

@testable import Telemetry

@Suite struct NativeSpansTests {
  private func spans(_ counts: [Int: UInt64], zero: UInt64 = 0) -> NativeSpans {
    let table = SparseCounterTable(rows: 1, width: NativeBuckets.columns)
    for (index, count) in counts {
      table.add(row: 0, column: index + NativeBuckets.columnOfIndexZero, count)
    }
    table.add(row: 0, column: NativeBuckets.zeroColumn, zero)
    var sum = SparseRowSum(width: NativeBuckets.columns)
    sum.add(table, row: 0)
    return NativeSpans(sum)
  }

  /// The buckets that are not empty, read as Prometheus reads them.
  private func decoded(_ spans: NativeSpans) -> [Int: UInt64] {
    var counts: [Int: UInt64] = [:]
    var index = 0
    var count: Int64 = 0
    var deltas = spans.deltas[...]
    for span in spans.spans {
      index += span.offset
      for _ in 0..<span.length {
        count += deltas.removeFirst()
        if count > 0 { counts[index] = UInt64(count) }
        index += 1
      }
    }
    #expect(deltas.isEmpty)
    return counts
  }

  @Test func `buckets beside each other are one span, and deltas follow the counts`() {
    let spans = spans([-3: 5, -2: 2, -1: 9])
    #expect(spans.spans == [.init(offset: -3, length: 3)])
    #expect(spans.deltas == [5, -3, 7])
    #expect(spans.count == 16)
  }

  @Test func `gaps of up to two buckets are filled, and longer ones begin a span`() {
    let near = spans([10: 4, 13: 1])
    #expect(near.spans == [.init(offset: 10, length: 4)])
    #expect(near.deltas == [4, -4, 0, 1])
    let far = spans([10: 4, 14: 1])
    #expect(far.spans == [.init(offset: 10, length: 1), .init(offset: 3, length: 1)])
    #expect(far.deltas == [4, -3])
  }

  @Test func `the first span begins where its bucket is, near zero too`() {
    for index in -2...2 { #expect(spans([index: 1]).spans == [.init(offset: index, length: 1)]) }
  }

  @Test func `what is 0 is counted apart`() {
    let spans = spans([:], zero: 3)
    #expect(spans.zeroCount == 3 && spans.count == 3)
    #expect(spans.spans.isEmpty && spans.deltas.isEmpty)
  }

  @Test func `whatever is counted comes back`() {
    for _ in 0..<200 {
      var counts: [Int: UInt64] = [:]
      for _ in 0..<Int.random(in: 0...40) {
        counts[Int.random(in: -239...265)] = UInt64.random(in: 1...1_000_000)
      }
      let spans = spans(counts, zero: 7)
      #expect(decoded(spans) == counts)
      #expect(spans.count == counts.values.reduce(7, +))
    }
  }
}
