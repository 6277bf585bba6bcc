import Histogram

/// How long things took, in nanoseconds: an HdrHistogram of three digits up to an hour.
typealias Latencies = Histogram<UInt64>

extension Histogram<UInt64> {
  /// Of nanoseconds, up to an hour; what is longer counts as an hour.
  static func ofNanoseconds(_ digits: SignificantDigits = .three) -> Latencies {
    Latencies(
      highestTrackableValue: UInt64(hourNanoseconds), numberOfSignificantValueDigits: digits)
  }

  @inline(__always)
  mutating func record(nanoseconds: Int64) {
    record(UInt64(Swift.min(Swift.max(nanoseconds, 0), hourNanoseconds)))
  }

  /// What reports show.
  static var shownPercentiles: [(name: String, value: Double)] {
    [
      ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9),
      ("p99.99", 99.99),
    ]
  }

  func seconds(atPercentile percentile: Double) -> Double {
    Double(valueAtPercentile(percentile)) / 1e9
  }
}

private let hourNanoseconds: Int64 = 3_600_000_000_000
