/// The percentiles that reports show.
enum Percentile {
  static let shown: [(name: String, value: Double)] = [
    ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9),
    ("p99.99", 99.99),
  ]
}
