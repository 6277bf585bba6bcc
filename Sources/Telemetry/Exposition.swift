import Wire

/// A page of metrics that is being written, in one of the forms that scrapers read.
///
/// Each family's header comes once, directly before its samples. Whoever has something to write is
/// handed the same page; it is for one thread at a time.
public final class Exposition {
  private let writer: any ExpositionWriter

  public init(_ format: ExpositionFormat) {
    switch format {
    case .text: writer = TextExposition(isOpenMetrics: false)
    case .openMetrics: writer = TextExposition(isOpenMetrics: true)
    case .protobuf: writer = ProtobufExposition()
    }
  }

  public func writeHeader(_ family: MetricFamily) { writer.writeHeader(family) }

  public func write(_ family: MetricFamily, _ labels: LabelSet, _ value: UInt64) {
    writer.write(family, labels, .count(value))
  }

  public func write(_ family: MetricFamily, _ labels: LabelSet, _ value: Int) {
    writer.write(family, labels, .level(value))
  }

  public func write(_ family: MetricFamily, _ labels: LabelSet, _ value: Double) {
    writer.write(family, labels, .real(value))
  }

  /// Writes a duration in seconds.
  public func write(_ family: MetricFamily, _ labels: LabelSet, nanoseconds: UInt64) {
    writer.write(family, labels, .nanoseconds(nanoseconds))
  }

  /// Writes a histogram's buckets, made cumulative, its sum and its count.
  /// `exemplar`: of a bucket, for the forms that have a place for it.
  public func write(
    _ family: MetricFamily, _ labels: LabelSet, _ histogram: HistogramSum,
    exemplar: (_ bucket: Int) -> Exemplar? = { _ in nil }
  ) {
    writer.write(family, labels, histogram, exemplar: exemplar)
  }

  /// Ends the page and gives it away.
  public func end() -> ByteBuffer { writer.end() }
}
