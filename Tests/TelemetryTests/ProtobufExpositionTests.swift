import PrometheusModel
import Testing
import Wire

@testable import Telemetry

@Suite struct ProtobufExpositionTests {
  private let requests = MetricFamily("app_requests_total", .counter, "Requests.")
  private let level = MetricFamily("app_level", .gauge, "A level.")
  private let time = MetricFamily("app_time_seconds", .histogram, "A time.")

  /// Reads messages and the lengths in front of them.
  private func families(_ write: (Exposition) -> Void) throws -> [PrometheusMetricFamily] {
    let exposition = Exposition(.protobuf)
    write(exposition)
    var rest = [UInt8](exposition.end())[...]
    var families: [PrometheusMetricFamily] = []
    while !rest.isEmpty {
      var length = 0
      var shift = 0
      var isLast = false
      while !isLast {
        let next = rest.popFirst()
        let byte = try #require(next)
        length |= Int(byte & 0x7f) << shift
        shift += 7
        isLast = byte & 0x80 == 0
      }
      try #require(rest.count >= length)
      families.append(try PrometheusMetricFamily(serializedBytes: Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    return families
  }

  @Test func `families come with name, help and type, and those without samples not at all`() throws
  {
    let families = try families {
      $0.writeHeader(requests)
      $0.write(requests, LabelSet(), 7 as UInt64)
      $0.writeHeader(time)
      $0.writeHeader(level)
      $0.write(level, LabelSet(), -3)
      $0.write(level, LabelSet(), 0.5)
      $0.write(level, LabelSet(), nanoseconds: 1_500_000_000)
    }
    #expect(families.map(\.name) == ["app_requests_total", "app_level"])
    #expect(families.map(\.help) == ["Requests.", "A level."])
    #expect(families.map(\.type) == [.counter, .gauge])
    #expect(families[0].metric.map(\.counter.value) == [7])
    #expect(families[1].metric.map(\.gauge.value) == [-3, 0.5, 1.5])
  }

  @Test func `a long family's length takes more than a byte`() throws {
    let families = try families {
      $0.writeHeader(level)
      for value in 0..<20_000 { $0.write(level, LabelSet(), value) }
    }
    #expect(families.map(\.metric.count) == [20_000])
    #expect(families[0].metric.last?.gauge.value == 19_999)
  }

  @Test func `labels are as they are, those that were cut off left out`() throws {
    let families = try families {
      var labels = LabelSet()
      labels.append("account", "a\"b\\c\nd é")
      let accountOnly = labels.count
      labels.append("code", 200)
      labels.cut(to: accountOnly)
      labels.append("method", "GET" as StaticString)
      $0.writeHeader(level)
      $0.write(level, labels, 1)
    }
    let labels = families[0].metric[0].label.map { [$0.name, $0.value] }
    #expect(labels == [["account", "a\"b\\c\nd é"], ["method", "GET"]])
  }

  private func histogram(
    isNative: Bool, _ durations: [Int64], counting: (borrowing HistogramTable) -> Void = { _ in },
    exemplar: Exemplar? = nil
  ) throws -> PrometheusHistogram {
    let table = HistogramTable(
      rows: 2, boundsNanoseconds: [1_000_000_000, 2_000_000_000], isNative: isNative)
    for duration in durations { table.observe(row: 1, nanoseconds: duration) }
    counting(table)
    var sum = HistogramSum(like: table)
    for row in [0, 1] {
      sum.reset()
      sum.add(table, row: row)
    }
    let families = try families {
      $0.writeHeader(time)
      $0.write(time, LabelSet(), sum) { _ in exemplar }
    }
    #expect(families[0].type == .histogram)
    return families[0].metric[0].histogram
  }

  @Test(arguments: [false, true])
  func `classic buckets are cumulative and end with the count`(isNative: Bool) throws {
    let histogram = try histogram(
      isNative: isNative, [0, 1_000_000_000, 1_000_000_001, 5_000_000_000])
    #expect(histogram.bucket.map(\.upperBound) == [1, 2, .infinity])
    #expect(histogram.bucket.map(\.cumulativeCount) == [2, 3, 4])
    #expect(histogram.sampleCount == 4)
    #expect(histogram.sampleSum == 7.000000001)
    #expect(histogram.hasSchema == isNative)
  }

  @Test func `native buckets tell the same durations closer`() throws {
    let histogram = try histogram(
      isNative: true, [0, 0, 1_000_000_000, 1_000_000_001, 4_000_000_000])
    #expect(histogram.schema == 3)
    #expect(histogram.zeroCount == 2)
    #expect(histogram.positiveSpan.map(\.offset) == [0, 14])
    #expect(histogram.positiveSpan.map(\.length) == [2, 1])
    #expect(histogram.positiveDelta == [1, 0, 0])
  }

  @Test func `without a duration it is native all the same`() throws {
    let histogram = try histogram(isNative: true, [])
    #expect(histogram.zeroThreshold > 0 && histogram.positiveSpan.isEmpty)
    #expect(histogram.sampleCount == 0)
  }

  @Test func `what a worker has counted by half is left for the next page`() throws {
    let histogram = try histogram(isNative: true, [500_000_000, 1_500_000_000]) { table in
      // Row 1 has four cells, of which three are buckets.
      table.cells.add(4, 10)
    }
    #expect(histogram.sampleCount == 2)
    #expect(histogram.bucket.map(\.cumulativeCount) == [2, 2, 2])
  }

  @Test func `a bucket that is not empty has its exemplar, to the nanosecond`() throws {
    let exemplar = Exemplar(
      nanoseconds: 1_500_000_000, unixNanoseconds: 1_700_000_000_123_456_789,
      requestID: Array("id-7".utf8), traceID: Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8))
    let histogram = try histogram(isNative: true, [1_500_000_000], exemplar: exemplar)
    #expect(histogram.bucket.map(\.hasExemplar) == [false, true, false])
    let message = histogram.bucket[1].exemplar
    #expect(message.label.map(\.name) == ["trace_id", "request_id"])
    #expect(message.label.map(\.value) == ["4bf92f3577b34da6a3ce929d0e0e4736", "id-7"])
    #expect(message.value == 1.5)
    #expect(message.timestamp.seconds == 1_700_000_000)
    #expect(message.timestamp.nanos == 123_456_789)
  }
}
