import Telemetry
import Wire

/// What upstreams said last of their accounts' quotas, so that who watches is warned before the
/// first 429. An account's series begin when its upstream says something.
enum QuotaMetrics {
  private static let limit = MetricFamily(
    "penstock_upstream_quota_limit", .gauge,
    "The most that an upstream grants an account in a window, in units of its own.")
  private static let remaining = MetricFamily(
    "penstock_upstream_quota_remaining", .gauge,
    "What is left of an account's quota, as its upstream said last.")
  private static let reset = MetricFamily(
    "penstock_upstream_quota_reset_timestamp_seconds", .gauge,
    "When an account's quota is anew, in seconds since 1970.")
  private static let retry = MetricFamily(
    "penstock_upstream_retry_after_timestamp_seconds", .gauge,
    "When an upstream wants an account to come back, by its last Retry-After, since 1970.")

  /// The shards have the same rows, one a worker.
  static func write(shards: [MetricShard], names: MetricNames, exposition: Exposition) {
    var quotas: [(labels: LabelSet, quota: Quota)] = []
    if let rows = shards.first?.accountRows {
      for row in 0..<rows.rowsMax {
        guard let account = rows.account(ofRow: row) else { break }
        var labels = LabelSet()
        labels.append("account", names.account(account))
        quotas.append((labels, QuotaTable.newest(shards, row: row)))
      }
    }
    write(limit, quotas, \.limit, exposition)
    write(remaining, quotas, \.remaining, exposition)
    write(reset, quotas, \.resetUnixSeconds, exposition)
    write(retry, quotas, \.retryUnixSeconds, exposition)
  }

  private static func write(
    _ family: MetricFamily, _ quotas: [(labels: LabelSet, quota: Quota)],
    _ member: KeyPath<Quota, Int?>, _ exposition: Exposition
  ) {
    exposition.writeHeader(family)
    for (labels, quota) in quotas {
      guard let value = quota[keyPath: member] else { continue }
      exposition.write(family, labels, value)
    }
  }
}
