import Testing
import Wire

@testable import Telemetry

@Suite struct ExpositionTests {
  private let requests = MetricFamily("app_requests_total", .counter, "Requests.")
  private let level = MetricFamily("app_level", .gauge, "A level.")
  private let time = MetricFamily("app_time_seconds", .histogram, "A time.")

  private func page(
    _ format: ExpositionFormat, _ write: (Exposition) -> Void
  ) -> String {
    let exposition = Exposition(format)
    write(exposition)
    return text(of: exposition.end())
  }

  @Test func `a counter family is announced with _total in text and without in OpenMetrics`() {
    let plain = page(.text) {
      $0.writeHeader(requests)
      $0.write(requests, LabelSet(), 7 as UInt64)
    }
    #expect(
      plain == """
        # HELP app_requests_total Requests.
        # TYPE app_requests_total counter
        app_requests_total 7

        """)
    let open = page(.openMetrics) {
      $0.writeHeader(requests)
      $0.write(requests, LabelSet(), 7 as UInt64)
    }
    #expect(
      open == """
        # HELP app_requests Requests.
        # TYPE app_requests counter
        app_requests_total 7
        # EOF

        """)
  }

  @Test func `label values are escaped so that no account name breaks out of its quotes`() throws {
    let name = "a\"b\\c\nd } 1\n# EOF é"
    let written = page(.text) {
      var labels = LabelSet()
      labels.append("account", name)
      $0.writeHeader(level)
      $0.write(level, labels, 1)
    }
    #expect(written.contains(#"app_level{account="a\"b\\c\nd } 1\n# EOF é"} 1"#))
    let parsed = try ExpositionParser(parsing: written, isOpenMetrics: false)
    #expect(parsed.value("app_level", ["account": name]) == 1)
  }

  @Test func `a bucket's exemplar stands behind it, in OpenMetrics alone`() {
    let table = HistogramTable(rows: 1, boundsNanoseconds: [1_000_000_000, 2_000_000_000])
    table.observe(row: 0, nanoseconds: 1_500_000_000)
    var sum = HistogramSum(like: table)
    sum.add(table, row: 0)
    let exemplar = Exemplar(
      nanoseconds: 1_500_000_000, unixNanoseconds: 1_700_000_000_123_456_789,
      requestID: Array("id-7".utf8), traceID: Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8))
    func written(_ format: ExpositionFormat) -> String {
      page(format) { $0.write(time, LabelSet(), sum) { _ in exemplar } }
    }
    #expect(!written(.text).contains("id-7"))
    let lines = written(.openMetrics).split(separator: "\n")
    #expect(lines.count { $0.contains("id-7") } == 1, "an empty bucket has none")
    #expect(
      lines[1]
        == #"app_time_seconds_bucket{le="2.0"} 1 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736","#
        + #"request_id="id-7"} 1.5 1700000000.123456"#)
  }

  @Test func `labels that were cut off are not written`() {
    var labels = LabelSet()
    labels.append("account", "crm")
    let accountOnly = labels.count
    labels.append("code", 200)
    labels.cut(to: accountOnly)
    labels.append("code", 404)
    #expect(String(decoding: labels.text, as: UTF8.self) == #"account="crm",code="404""#)
  }

  @Test(arguments: [
    (0.5, "0.5"), (-3, "-3.0"), (1_700_000_000.25, "1700000000.25"), (.infinity, "+Inf"),
    (-.infinity, "-Inf"), (.nan, "NaN"),
  ])
  func `a float is written as scrapers read it`(value: Double, wanted: String) {
    let written = page(.text) { $0.write(level, LabelSet(), value) }
    #expect(written == "app_level \(wanted)\n")
  }

  @Test(arguments: [
    (0, "0"), (1, "0.000000001"), (2_500_000, "0.0025"), (1_000_000_000, "1"),
    (61_050_000_000, "61.05"),
  ])
  func `nanoseconds are written as seconds without rounding`(value: UInt64, wanted: String) {
    let written = page(.text) { $0.write(level, LabelSet(), nanoseconds: value) }
    #expect(written == "app_level \(wanted)\n")
  }

  @Test func `histogram buckets are cumulative and end with the count`() throws {
    let table = HistogramTable(rows: 1, boundsNanoseconds: [2_500_000, 1_000_000_000])
    for nanoseconds: Int64 in [1, 2_500_000, 2_500_001, 5_000_000_000] {
      table.observe(row: 0, nanoseconds: nanoseconds)
    }
    var sum = HistogramSum(like: table)
    sum.add(table, row: 0)
    var labels = LabelSet()
    labels.append("account", "crm")
    let written = page(.text) { $0.write(time, labels, sum) }
    #expect(
      written == """
        app_time_seconds_bucket{account="crm",le="0.0025"} 2
        app_time_seconds_bucket{account="crm",le="1"} 3
        app_time_seconds_bucket{account="crm",le="+Inf"} 4
        app_time_seconds_sum{account="crm"} 5.005000002
        app_time_seconds_count{account="crm"} 4

        """)
    let open = page(.openMetrics) {
      $0.writeHeader(time)
      $0.write(time, LabelSet(), sum)
    }
    #expect(open.contains(#"app_time_seconds_bucket{le="1.0"} 3"#))
    _ = try ExpositionParser(parsing: open, isOpenMetrics: true)
  }
}
