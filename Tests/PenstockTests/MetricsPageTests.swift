import Glibc
import Telemetry
import Testing
import Wire

@testable import Penstock

@Suite struct MetricsPageTests {
  private func names(
    accounts: [String] = ["crm", "shop"], projects: [String] = [], dropped: UInt64 = 0
  ) -> MetricNames {
    MetricNames(
      account: { accounts[$0] }, projects: projects,
      errors: [
        .init(slug: "malformed_request", side: "downstream"),
        .init(slug: "upstream_closed", side: "upstream"),
      ],
      limits: [.init(name: "uri_bytes", value: 8192), .init(name: "connections", value: 0)],
      logLinesDropped: { dropped }, files: { nil }, isConfigReloadSuccessful: true,
      configReloadUnixSeconds: 1_700_000_000.5, configDigest: "00ff", version: "1.2.3")
  }

  private func oneShard(accounts: Int) -> MetricShard {
    MetricShard(AccountRows(accounts: accounts, rowsMax: accounts))
  }

  private func twoShards(accounts: Int, projects: Int = 0) -> [MetricShard] {
    let rows = AccountRows(accounts: accounts, rowsMax: accounts)
    return (0..<2).map { _ in MetricShard(rows, projectCount: projects) }
  }

  private func page(
    _ shards: [MetricShard], _ names: MetricNames, openMetrics: Bool = false
  ) throws -> ExpositionParser {
    let page = MetricsPage.written(
      openMetrics ? .openMetrics : .text, shards: shards, names: names)
    let text = page.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    return try ExpositionParser(parsing: text, isOpenMetrics: openMetrics)
  }

  @Test(arguments: [false, true])
  func `before the first request only the fixed series are there, at 0`(openMetrics: Bool) throws {
    let page = try page([oneShard(accounts: 2)], names(), openMetrics: openMetrics)
    #expect(page.samples.keys.allSatisfy { $0.labels["account"] == nil })
    #expect(page.value("penstock_requests_in_flight") == 0)
    #expect(page.value("penstock_connections", ["side": "downstream", "state": "idle"]) == 0)
    #expect(page.value("penstock_connections_closed_total", ["reason": "no_request"]) == 0)
    #expect(page.value("penstock_upstream_connect_seconds_count") == 0)
    #expect(page.value("penstock_upstream_phase_seconds_count", ["phase": "queue"]) == 0)
    #expect(page.value("penstock_upstream_requests_total", ["reused": "true"]) == 0)
    #expect(page.value("penstock_limit", ["limit": "uri_bytes"]) == 8192)
    #expect(page.value("penstock_limit_hits_total", ["limit": "connections"]) == 0)
    #expect(page.value("penstock_log_lines_dropped_total") == 0)
    #expect(page.value("penstock_config_last_reload_successful") == 1)
    #expect(page.value("penstock_config_last_reload_timestamp_seconds") == 1_700_000_000.5)
    #expect(page.value("penstock_build_info", ["version": "1.2.3"]) == 1)
    #expect(page.value("penstock_config_info", ["digest": "00ff"]) == 1)
  }

  @Test(arguments: [false, true])
  func `every family that is promised is announced`(openMetrics: Bool) throws {
    let page = try page([oneShard(accounts: 2)], names(), openMetrics: openMetrics)
    let counters = [
      "penstock_requests", "penstock_upstream_responses", "penstock_request_bytes",
      "penstock_response_bytes", "penstock_errors", "penstock_limit_hits",
      "penstock_rule_denials", "penstock_rate_denials", "penstock_retries",
      "penstock_upstream_requests",
      "penstock_idempotent_replays", "penstock_upstream_tls_handshakes",
      "penstock_compression_input_bytes", "penstock_compression_output_bytes",
      "penstock_event_loop_turns",
      "penstock_log_lines_dropped", "penstock_connections_closed", "process_cpu_seconds",
    ].map { openMetrics ? $0 : $0 + "_total" }
    let histograms = [
      "penstock_request_duration_seconds", "penstock_upstream_ttfb_seconds",
      "penstock_upstream_connect_seconds", "penstock_proxy_added_seconds",
      "penstock_event_loop_lag_seconds", "penstock_upstream_phase_seconds",
    ]
    let gauges = [
      "penstock_requests_in_flight", "penstock_connections", "penstock_limit",
      "penstock_config_last_reload_successful", "penstock_config_last_reload_timestamp_seconds",
      "penstock_upstream_quota_limit", "penstock_upstream_quota_remaining",
      "penstock_upstream_quota_reset_timestamp_seconds",
      "penstock_upstream_retry_after_timestamp_seconds",
      "penstock_build_info", "penstock_config_info", "penstock_upstream_requests_queued",
      "penstock_dials_in_flight", "penstock_accounts_folded", "penstock_buffered_bytes",
      "penstock_allocator_bytes",
      "process_resident_memory_bytes", "process_virtual_memory_bytes",
      "process_open_fds", "process_max_fds", "process_start_time_seconds",
    ]
    func announced(_ type: String) -> Set<String> {
      Set(page.families.filter { $0.type == type }.map(\.name))
    }
    #expect(announced("counter") == Set(counters))
    #expect(announced("histogram") == Set(histograms))
    #expect(announced("gauge") == Set(gauges))
  }

  @Test(arguments: [false, true])
  func `what the workers counted is summed`(openMetrics: Bool) throws {
    let shards = twoShards(accounts: 2)
    for (index, shard) in shards.enumerated() {
      shard.countRequest(account: 0, method: .get, code: 200)
      shard.countRequest(account: 0, method: .post, code: 599)
      shard.countUpstreamResponse(account: 0, code: 201)
      shard.observeDuration(account: 0, nanoseconds: 3_000_000)
      shard.exemplify(
        account: 0, nanoseconds: 3_000_000, unixNanoseconds: 1_700_000_000_123_456_789,
        requestID: Array("id-\(index)".utf8).span, traceID: Span())
      shard.observeTTFB(account: 0, nanoseconds: 2_000_000)
      shard.observeConnect(nanoseconds: 90_000_000_000)
      shard.observeAdded(account: 0, nanoseconds: 30_000)
      shard.observePhase(.firstByte, nanoseconds: 7_000_000)
      shard.countUpstreamRequest(isReused: true)
      shard.addRetries(account: 0, 1)
      shard.addLevel(.requestsQueued, 2)
      shard.addTotal(.resumedHandshakes, 1)
      shard.addTotal(.decodedOut, 50)
      shard.observeLoopLag(nanoseconds: 1)
      shard.addRequestBytes(account: 0, 10 + index)
      shard.addResponseBytes(account: 0, 100 + index)
      shard.addRequestsInFlight(2)
      shard.addConnections(.upstreamActive, 3)
      shard.countError(account: 0, error: 1)
      shard.countLimitHit(limit: 0)
      shard.countClose(.writeStall)
    }
    shards[1].addRequestsInFlight(-1)
    let page = try page(shards, names(), openMetrics: openMetrics)
    let crm = ["account": "crm"]
    func with(_ more: [String: String]) -> [String: String] { crm.merging(more) { $1 } }
    #expect(page.value("penstock_requests_total", with(["method": "GET", "code": "200"])) == 2)
    #expect(page.value("penstock_requests_total", with(["method": "POST", "code": "599"])) == 2)
    #expect(page.value("penstock_upstream_responses_total", with(["code": "201"])) == 2)
    #expect(page.value("penstock_request_duration_seconds_sum", crm) == 0.006)
    #expect(page.value("penstock_request_duration_seconds_bucket", with(["le": "0.0025"])) == 0)
    #expect(page.value("penstock_request_duration_seconds_bucket", with(["le": "0.005"])) == 2)
    #expect(page.value("penstock_upstream_ttfb_seconds_count", crm) == 2)
    #expect(page.value("penstock_upstream_connect_seconds_sum") == 180)
    let sixty = openMetrics ? "60.0" : "60"
    #expect(page.value("penstock_upstream_connect_seconds_bucket", ["le": sixty]) == 0)
    #expect(page.value("penstock_proxy_added_seconds_bucket", with(["le": "0.00005"])) == 2)
    let phase = ["phase": "first_byte"]
    #expect(page.value("penstock_upstream_phase_seconds_sum", phase) == 0.014)
    #expect(page.value("penstock_upstream_requests_total", ["reused": "true"]) == 2)
    #expect(page.value("penstock_upstream_requests_total", ["reused": "false"]) == 0)
    #expect(page.value("penstock_retries_total", crm) == 2)
    #expect(page.value("penstock_upstream_requests_queued") == 4)
    #expect(page.value("penstock_upstream_tls_handshakes_total", ["resumed": "true"]) == 2)
    #expect(page.value("penstock_compression_output_bytes_total", ["stage": "decode"]) == 100)
    #expect(page.value("penstock_compression_output_bytes_total", ["stage": "encode"]) == 0)
    #expect(page.value("penstock_event_loop_turns_total") == 2)
    #expect(page.value("penstock_request_bytes_total", crm) == 21)
    #expect(page.value("penstock_response_bytes_total", crm) == 201)
    #expect(page.value("penstock_requests_in_flight") == 3)
    #expect(page.value("penstock_connections", ["side": "upstream", "state": "active"]) == 6)
    let closed = with(["slug": "upstream_closed", "side": "upstream"])
    #expect(page.value("penstock_errors_total", closed) == 2)
    #expect(page.value("penstock_limit_hits_total", ["limit": "uri_bytes"]) == 2)
    #expect(page.value("penstock_connections_closed_total", ["reason": "write_stall"]) == 2)
  }

  @Test func `no account is none, and accounts are other for which there is no row`() throws {
    let shard = MetricShard(AccountRows(accounts: 3, rowsMax: 1))
    shard.countRequest(account: -1, method: .other, code: 404)
    for account in [1, 0, 2, 0, 1] { shard.countRequest(account: account, method: .get, code: 200) }
    let page = try page([shard], names(accounts: ["crm", "shop", "x"]))
    func count(_ account: String, _ method: String, _ code: String) -> Double? {
      page.value(
        "penstock_requests_total", ["account": account, "method": method, "code": code])
    }
    #expect(count("none", "other", "404") == 1)
    #expect(count("shop", "GET", "200") == 2, "the first that is used has the row")
    #expect(count("other", "GET", "200") == 3)
    #expect(page.samples.keys.allSatisfy { $0.labels["account"] != "crm" })
    #expect(page.value("penstock_accounts_folded") == 2)
  }

  @Test func `denials of rules are told by project, those that were only observed apart`() throws {
    let shards = twoShards(accounts: 0, projects: 2)
    for shard in shards { shard.countRuleDenial(project: 1, isObserved: false) }
    shards[0].countRuleDenial(project: 1, isObserved: true)
    shards[1].countRuleDenial(project: -1, isObserved: true)
    let page = try page(shards, names(accounts: [], projects: ["acme", "umbrella"]))
    func value(_ project: String, _ observe: String) -> Double? {
      page.value("penstock_rule_denials_total", ["project": project, "observe": observe])
    }
    #expect(value("umbrella", "false") == 2)
    #expect(value("umbrella", "true") == 1)
    #expect(value("anonymous", "true") == 1)
    #expect(value("acme", "false") == nil)
  }

  @Test func `an account's name cannot forge a series`() throws {
    let shard = oneShard(accounts: 1)
    shard.countRequest(account: 0, method: .get, code: 200)
    let name = "a\"} 1\npenstock_x{b=\"\\"
    let page = try page([shard], names(accounts: [name]))
    #expect(
      page.value("penstock_requests_total", ["account": name, "method": "GET", "code": "200"]) == 1)
  }

  @Test func `unusual status codes make no series without end`() throws {
    let shard = oneShard(accounts: 1)
    for code in -1000...10_000 { shard.countRequest(account: 0, method: .get, code: code) }
    let page = try page([shard], names())
    let series = page.samples.keys.filter { $0.name == "penstock_requests_total" }
    #expect(series.count == MetricShard.codeSpan)
  }

  @Test func `a level is never below 0`() throws {
    let shard = oneShard(accounts: 1)
    shard.addRequestsInFlight(-1)
    #expect(try page([shard], names()).value("penstock_requests_in_flight") == 0)
  }

  @Test func `the process's own numbers are those of the kernel`() throws {
    let page = try page([oneShard(accounts: 1)], names())
    let now = Double(time(nil))
    let start = try #require(page.value("process_start_time_seconds"))
    #expect(start > now - 3600 && start <= now + 1)
    let resident = try #require(page.value("process_resident_memory_bytes"))
    let virtual = try #require(page.value("process_virtual_memory_bytes"))
    #expect(resident > 1_000_000 && virtual >= resident)
    let descriptors = try #require(page.value("process_open_fds"))
    #expect(descriptors >= 3)
    var limit = rlimit()
    #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
    #expect(page.value("process_max_fds") == Double(limit.rlim_cur))
  }

  @Test func `a process name with parentheses and spaces does not shift the numbers`() {
    let line = "7 (a) b (c)) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 4242 1000000 99 18446\n"
    let status = Array(line.utf8).withUnsafeBytes { ProcessStatus(line: $0) }
    #expect(status?.cpuTicks == 200)
    #expect(status?.startTicks == 4242)
    #expect(status?.virtualBytes == 1_000_000)
    #expect(status?.residentPages == 99)
  }
}
