import Wire

/// Writes metrics as a scraper reads them: Prometheus text 0.0.4, or OpenMetrics 1.0.
///
/// The two differ in a counter's family name, in whole-numbered bucket bounds and in the end mark.
/// Whoever calls it writes each family's header once, directly before its samples.
public struct Exposition: Sendable {
  public let isOpenMetrics: Bool

  public init(isOpenMetrics: Bool) { self.isOpenMetrics = isOpenMetrics }

  public var contentType: StaticString {
    isOpenMetrics
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
      : "text/plain; version=0.0.4; charset=utf-8"
  }

  public func writeHeader(_ family: MetricFamily, into out: inout ByteBuffer) {
    out.append("# HELP ")
    writeFamilyName(family, into: &out)
    out.append(0x20)
    out.append(family.help)
    out.append("\n# TYPE ")
    writeFamilyName(family, into: &out)
    out.append(0x20)
    out.append(family.kind.name)
    out.append(0x0a)
  }

  public func write(
    _ family: MetricFamily, _ labels: LabelSet, _ value: UInt64, into out: inout ByteBuffer
  ) {
    writeSeries(family, labels, into: &out)
    out.append(decimal: Int(clamping: value))
    out.append(0x0a)
  }

  public func write(
    _ family: MetricFamily, _ labels: LabelSet, _ value: Int, into out: inout ByteBuffer
  ) {
    writeSeries(family, labels, into: &out)
    out.append(decimal: value)
    out.append(0x0a)
  }

  public func write(
    _ family: MetricFamily, _ labels: LabelSet, _ value: Double, into out: inout ByteBuffer
  ) {
    writeSeries(family, labels, into: &out)
    if value.isNaN {
      out.append("NaN")
    } else if value.isInfinite {
      out.append(value < 0 ? "-Inf" as StaticString : "+Inf")
    } else {
      out.append(value.description)
    }
    out.append(0x0a)
  }

  /// Writes a duration in seconds, without rounding.
  public func write(
    _ family: MetricFamily, _ labels: LabelSet, nanoseconds: UInt64, into out: inout ByteBuffer
  ) {
    writeSeries(family, labels, into: &out)
    writeSeconds(nanoseconds, into: &out)
    out.append(0x0a)
  }

  /// Writes a histogram's buckets, made cumulative, then its sum and its count.
  /// `exemplar`: of a bucket, which only OpenMetrics takes.
  public func write(
    _ family: MetricFamily, _ labels: LabelSet, _ histogram: HistogramSum,
    into out: inout ByteBuffer, exemplar: (_ bucket: Int) -> Exemplar? = { _ in nil }
  ) {
    var cumulative: UInt64 = 0
    for (bucket, count) in histogram.counts.enumerated() {
      cumulative &+= count
      out.append(family.name)
      out.append("_bucket{")
      if !labels.text.isEmpty {
        out.append(labels.text.span)
        out.append(0x2c)
      }
      out.append("le=\"")
      if bucket < histogram.boundsNanoseconds.count {
        writeBound(UInt64(histogram.boundsNanoseconds[bucket]), into: &out)
      } else {
        out.append("+Inf")
      }
      out.append("\"} ")
      out.append(decimal: Int(clamping: cumulative))
      if isOpenMetrics, count > 0, let example = exemplar(bucket) { write(example, into: &out) }
      out.append(0x0a)
    }
    writeSeries(family, suffix: "_sum", labels, into: &out)
    writeSeconds(histogram.sumNanoseconds, into: &out)
    out.append(0x0a)
    writeSeries(family, suffix: "_count", labels, into: &out)
    out.append(decimal: Int(clamping: cumulative))
    out.append(0x0a)
  }

  /// The ids are of closed alphabets, and need no escape; together they stay below the 128
  /// characters that a label set of an exemplar may have.
  private func write(_ exemplar: Exemplar, into out: inout ByteBuffer) {
    out.append(" # {")
    if !exemplar.traceID.isEmpty {
      out.append("trace_id=\"")
      out.append(exemplar.traceID)
      out.append("\",")
    }
    out.append("request_id=\"")
    out.append(exemplar.requestID)
    out.append("\"} ")
    writeSeconds(UInt64(max(0, exemplar.nanoseconds)), into: &out)
    out.append(0x20)
    // A float64 of seconds tells microseconds apart, and no more than that.
    writeSeconds(UInt64(max(0, exemplar.unixNanoseconds)) / 1000 * 1000, into: &out)
  }

  /// Writes what stands after the last family: OpenMetrics must see that nothing is missing.
  public func writeEnd(into out: inout ByteBuffer) {
    if isOpenMetrics { out.append("# EOF\n") }
  }

  /// OpenMetrics calls a counter's family by its name without `_total`.
  private func writeFamilyName(_ family: MetricFamily, into out: inout ByteBuffer) {
    out.append(family.name)
    if isOpenMetrics, family.kind == .counter { out.truncate(to: out.count - "_total".utf8.count) }
  }

  private func writeSeries(
    _ family: MetricFamily, suffix: StaticString = "", _ labels: LabelSet,
    into out: inout ByteBuffer
  ) {
    out.append(family.name)
    out.append(suffix)
    if !labels.text.isEmpty {
      out.append(0x7b)
      out.append(labels.text.span)
      out.append(0x7d)
    }
    out.append(0x20)
  }

  /// A bucket's bound; OpenMetrics wants a point in whole numbers too.
  private func writeBound(_ nanoseconds: UInt64, into out: inout ByteBuffer) {
    writeSeconds(nanoseconds, into: &out)
    if isOpenMetrics, nanoseconds.isMultiple(of: 1_000_000_000) { out.append(".0") }
  }

  /// Decimal digits, not a Double, so that a bound's text is the same in every version and place.
  private func writeSeconds(_ nanoseconds: UInt64, into out: inout ByteBuffer) {
    out.append(decimal: Int(nanoseconds / 1_000_000_000))
    var rest = nanoseconds % 1_000_000_000
    if rest == 0 { return }
    out.append(0x2e)
    var power: UInt64 = 100_000_000
    while rest > 0 {
      out.append(UInt8(truncatingIfNeeded: 0x30 + rest / power))
      rest %= power
      power /= 10
    }
  }
}
