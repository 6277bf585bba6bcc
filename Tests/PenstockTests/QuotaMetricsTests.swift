import Telemetry
import Testing
import Wire

@testable import Penstock

@Suite struct QuotaMetricsTests {
  private static let limit = "penstock_upstream_quota_limit"
  private static let remaining = "penstock_upstream_quota_remaining"
  private static let reset = "penstock_upstream_quota_reset_timestamp_seconds"
  private static let retry = "penstock_upstream_retry_after_timestamp_seconds"

  /// The samples, as `family{account}` and value.
  private func samples(_ shards: [MetricShard]) throws -> [String: Double] {
    let names = MetricNames(
      account: { ["crm", "shop"][$0] }, projects: [], errors: [], limits: [],
      logLinesDropped: { 0 }, files: { nil }, isConfigReloadSuccessful: true,
      configReloadUnixSeconds: 0, configDigest: "", version: "1")
    let exposition = Exposition(.text)
    QuotaMetrics.write(shards: shards, names: names, exposition: exposition)
    let written = exposition.end()
    let page = try ExpositionParser(parsing: text(written.span), isOpenMetrics: false)
    #expect(page.families.map(\.name) == [Self.limit, Self.remaining, Self.reset, Self.retry])
    return Dictionary(
      uniqueKeysWithValues: page.samples.map { series, value in
        ("\(series.name){\(series.labels["account"] ?? "")}", value)
      })
  }

  private func shards(_ count: Int = 1, rowsMax: Int = 2) -> [MetricShard] {
    let rows = AccountRows(accounts: 2, rowsMax: rowsMax)
    return (0..<count).map { _ in MetricShard(rows) }
  }

  @Test func `what nobody said has no series`() throws {
    for shards in [[], shards(), shards(rowsMax: 0)] { #expect(try samples(shards) == [:]) }
    let used = shards()
    used[0].countRequest(account: 1, method: .get, code: 200)
    #expect(try samples(used) == [:])
  }

  @Test func `what was said is told for the account, 0 as well`() throws {
    let shard = shards()[0]
    shard.noteQuota(
      Quota(limit: 0, remaining: 0, resetUnixSeconds: 1_700_000_000), account: 1,
      nowNanoseconds: 5)
    #expect(
      try samples([shard]) == [
        "\(Self.limit){shop}": 0, "\(Self.remaining){shop}": 0,
        "\(Self.reset){shop}": 1_700_000_000,
      ])
  }

  @Test func `a new word leaves nothing of the one before but when to come back`() throws {
    let shard = shards()[0]
    shard.noteQuota(
      Quota(limit: 9, remaining: 8, resetUnixSeconds: 7, retryUnixSeconds: 6), account: 0,
      nowNanoseconds: 5)
    shard.noteQuota(Quota(remaining: 3), account: 0, nowNanoseconds: 6)
    #expect(try samples([shard]) == ["\(Self.remaining){crm}": 3, "\(Self.retry){crm}": 6])
    shard.noteQuota(Quota(), account: 0, nowNanoseconds: 7)
    shard.noteQuota(Quota(retryUnixSeconds: 60), account: 0, nowNanoseconds: 8)
    #expect(try samples([shard]) == ["\(Self.remaining){crm}": 3, "\(Self.retry){crm}": 60])
  }

  @Test func `of several workers the newest word of each kind counts`() throws {
    let shards = shards(3)
    shards[0].noteQuota(
      Quota(limit: 1, remaining: 1, retryUnixSeconds: 30), account: 0, nowNanoseconds: 20)
    shards[1].noteQuota(Quota(limit: 2, retryUnixSeconds: 40), account: 0, nowNanoseconds: 10)
    shards[2].noteQuota(Quota(limit: 3, remaining: 2), account: 0, nowNanoseconds: 30)
    for shards in [shards, shards.reversed()] {
      #expect(
        try samples(shards) == [
          "\(Self.limit){crm}": 3, "\(Self.remaining){crm}": 2, "\(Self.retry){crm}": 30,
        ])
    }
  }

  @Test func `who has no row of its own has no quota`() throws {
    let shard = shards(rowsMax: 1)[0]
    let quota = Quota(limit: 1, retryUnixSeconds: 1)
    shard.countRequest(account: 1, method: .get, code: 200)
    for account in [-1, 0] { shard.noteQuota(quota, account: account, nowNanoseconds: 5) }
    #expect(try samples([shard]) == [:])
    shard.noteQuota(quota, account: 1, nowNanoseconds: 5)
    #expect(try samples([shard]) == ["\(Self.limit){shop}": 1, "\(Self.retry){shop}": 1])
  }
}
