import Glibc
import Telemetry
import Testing
import Wire

@testable import Penstock

@Suite struct AccessRecordTests {
  private static func configuration() throws -> Configuration {
    Configuration(
      listeners: [],
      projects: [Project(index: 0, name: "acme", keyDigests: [], allows: [true])],
      accounts: [try Account.at("https://good.com", id: "ca_one")],
      routes: [Route(path: "/github/", account: 0)])
  }

  /// The members of the line, between the braces.
  private func line(
    _ record: borrowing AccessRecord, now: Int64 = 1_000_000, isSlow: Bool = false,
    rateMember: [UInt8] = []
  ) throws -> String {
    var line = ByteBuffer()
    let configuration = try Self.configuration()
    var redactor = Redactor(configuration.secrets)
    let verdict = AccessFilter.Verdict(level: record.level, isSlow: isSlow, rateMember: rateMember)
    record.write(
      into: &line, configuration, verdict, nowNanoseconds: now,
      client: Array("192.0.2.7".utf8), &redactor)
    return text(line.span)
  }

  private func described(_ target: String, method: String = "GET", bytesMax: Int = 1024)
    throws -> String
  {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.describe(
      method: Array(method.utf8).span, target: Array(target.utf8).span, fieldBytesMax: bytesMax)
    return try line(record)
  }

  @Test func `a request without a destination leaves out what is not there`() throws {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.requestID.append("id-1" as StaticString)
    record.status = 404
    record.error = .notFound
    record.phase = .authorize
    #expect(
      try line(record)
        == #","level":"info","event":"request","request_id":"id-1","status":404"#
        + #","error":"not_found","termination":"downstream:authorize","bytes_received":0"#
        + #","bytes_sent":0,"duration_ms":1.000,"client":"192.0.2.7""#)
  }

  @Test func `a forwarded request tells of its upstream`() throws {
    var record = AccessRecord()
    record.start(nanoseconds: 1_000_000)
    record.requestID.append("id-1" as StaticString)
    record.describe(
      method: Array("PUT".utf8).span, target: Array("/x".utf8).span, fieldBytesMax: 1024)
    record.describe(upstreamHost: Array("good.com".utf8))
    record.project = 0
    record.account = 0
    record.route = "proxy"
    record.status = 200
    record.upstreamStatus = 200
    record.bytesReceived = 7
    record.bytesSent = 9
    record.retries = 1
    record.hasUpstream = true
    record.writtenNanoseconds = 2_000_000
    record.firstByteNanoseconds = 5_500_000
    record.addedNanoseconds = 40_000
    record.dial.nameMicroseconds = 100
    record.dial.connectMicroseconds = 200
    record.tlsNanoseconds = 3_000_000
    #expect(
      try line(record, now: 8_000_000)
        == #","level":"info","event":"request","request_id":"id-1","project":"acme""#
        + #","account":"ca_one","route":"proxy","method":"PUT","path":"/x""#
        + #","upstream_host":"good.com","status":200,"upstream_status":200,"bytes_received":7"#
        + #","bytes_sent":9,"duration_ms":7.000,"proxy_ms":0.040,"dns_ms":0.100"#
        + #","connect_ms":0.200,"tls_ms":3.000,"ttfb_ms":3.500,"reused":false,"retries":1"#
        + #","client":"192.0.2.7""#)
    record.isReused = true
    let reused = try line(record, now: 8_000_000)
    #expect(reused.contains(#""reused":true"#) && !reused.contains("connect_ms"))
  }

  @Test func `a configured route is told by its path`() throws {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.routeIndex = 0
    #expect(try line(record).contains(#","route":"/github/","#))
  }

  @Test(arguments: [
    ("/a?token=S&b=T", "/a?token=***&b=***"), ("/a?S", "/a?***"), ("/a?", "/a?"),
    ("/a?b=", "/a?b=***"), ("/a?b=S=T", "/a?b=***"), ("/a?&&", "/a?&&"), ("/a?=S", "/a?=***"),
    ("/a?b=S&", "/a?b=***&"), ("/a?S&b=T", "/a?***&b=***"), ("/a", "/a"),
    ("/a?b=?S", "/a?b=***"),
  ])
  func `a query keeps its names and loses its values`(target: String, path: String) throws {
    #expect(try described(target).contains("\"path\":\"\(path)\""))
  }

  @Test func `what a client writes cannot leave its string`() throws {
    let line = try described("/a\",\"level\":\"fatal\"\n\u{1b}\u{0}\u{2028}\\", method: "G\"T")
    #expect(!line.contains("\n"))
    #expect(line.contains(#""method":"G\"T""#))
    #expect(line.contains(#""path":"/a\",\"level\":\"fatal\""#))
    #expect(line.occurrences(of: #","level":""#) == 1)
  }

  @Test func `a long path is cut, and the line says so`() throws {
    let line = try described("/" + String(repeating: "a", count: 5000), bytesMax: 100)
    #expect(line.utf8.count < 500)
    #expect(line.hasSuffix(#","truncated":true"#))
    #expect(try !described("/a").contains("truncated"))
  }

  @Test(
    arguments: [
      (nil, 200, "info"), (.notFound, 404, "info"), (.upstreamClosed, 502, "warning"),
      (.overloaded, 503, "warning"), (.internalError, 500, "error"),
      (.resourceExhausted, 503, "error"), (.clientAborted, 499, "info"),
    ] as [(PenstockError?, Int, String)])
  func `a line's level is how much an operator should care`(
    error: PenstockError?, status: Int, level: String
  ) throws {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.error = error
    record.status = status
    #expect(try line(record).hasPrefix(#","level":"\#(level)","event":"request""#))
  }

  @Test func `a trace follows the request id, its span where the upstream was told`() throws {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.requestID.append("id-1" as StaticString)
    record.trace = TraceParent(traceHigh: 0x1, traceLow: 0xabc, span: 0x2d, flags: 1)
    let trace = #""request_id":"id-1","trace_id":"00000000000000010000000000000abc","#
    #expect(try line(record).contains(trace + #""status":0"#))
    record.hasSpan = true
    #expect(try line(record).contains(trace + #""span_id":"000000000000002d","status":0"#))
  }

  @Test func `a slow exchange's line and a sampled one's say so`() throws {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    #expect(try line(record, isSlow: true).hasSuffix(#","client":"192.0.2.7","slow":true"#))
    #expect(
      try line(record, rateMember: Array(#","sample_rate":0.5"#.utf8))
        .hasSuffix(#","client":"192.0.2.7","sample_rate":0.5"#))
  }

  @Test func `nothing of the exchange before is left`() throws {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    let empty = try line(record)
    record.requestID.append("old" as StaticString)
    record.trace = TraceParent(traceHigh: 1, traceLow: 2, span: 3, flags: 0)
    record.hasSpan = true
    record.describe(
      method: Array("GET".utf8).span, target: Array("/old".utf8).span, fieldBytesMax: 2)
    record.describe(upstreamHost: Array("old".utf8))
    record.describe("user_id", Array("old".utf8).span, fieldBytesMax: 64)
    record.project = 0
    record.account = 0
    record.route = "proxy"
    record.routeIndex = 0
    record.error = .upstreamReset
    record.rules = RuleJudge.Verdicts(project: .denied, account: .allowed)
    record.status = 502
    record.upstreamStatus = 200
    record.retries = 1
    record.hasUpstream = true
    record.start(nanoseconds: 0)
    #expect(try line(record) == empty)
  }

  @Test func `a denial of rules names the list, and whether it was only observed`() throws {
    let shard = MetricShard(AccountRows(accounts: 1, rowsMax: 1), projectCount: 1)
    var record = AccessRecord()
    for (project, account, told) in [
      (.allowed, .allowed, ""), (.allowed, .denied, #","rule":"denied","rule_of":"account""#),
      (.denied, .denied, #","rule":"denied","rule_of":"api_key""#),
      (.observed, .denied, #","rule":"denied","rule_of":"account""#),
      (.observed, .allowed, #","rule":"observed_deny","rule_of":"api_key""#),
    ] as [(RuleList.Verdict, RuleList.Verdict, String)] {
      record.start(nanoseconds: 0)
      record.project = 0
      record.status = 200
      record.rules = RuleJudge.Verdicts(project: project, account: account)
      let members = try line(record)
      #expect(members.contains(#""status":200\#(told),"bytes_received""#), "\(members)")
      record.count(in: shard, nowNanoseconds: 5)
    }
    #expect(shard.ruleDenials.value(2) == 3)
    #expect(shard.ruleDenials.value(3) == 1)
  }

  @Test func `an exchange is counted once, in its account's row`() {
    let shard = MetricShard(AccountRows(accounts: 1, rowsMax: 1))
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.account = 0
    record.method = .get
    record.status = 502
    record.error = .upstreamTruncated
    record.upstreamStatus = 200
    record.bytesReceived = 3
    record.bytesSent = 4
    record.count(in: shard, nowNanoseconds: 5)
    #expect(
      shard.requests.value(row: shard.requestRow(0, .get), column: 502 - MetricShard.codeMin) == 1)
    #expect(shard.errors.value(row: 0, column: PenstockError.upstreamTruncated.rawValue) == 1)
    #expect(shard.requestBytes.value(0) == 3)
    #expect(shard.responseBytes.value(0) == 4)
  }
}

extension String {
  /// How often a text stands in this one.
  fileprivate func occurrences(of text: String) -> Int {
    split(separator: text, omittingEmptySubsequences: false).count - 1
  }
}
