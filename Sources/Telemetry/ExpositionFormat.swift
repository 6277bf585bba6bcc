/// The forms of a page of metrics.
public enum ExpositionFormat: Sendable, CaseIterable {
  /// Prometheus text 0.0.4.
  case text
  /// OpenMetrics 1.0.
  case openMetrics
  /// `io.prometheus.client.MetricFamily`, the only one that has native histograms.
  case protobuf

  public var contentType: StaticString {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    case .protobuf:
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    }
  }
}
