import Wire

/// A page in Prometheus text 0.0.4 or in OpenMetrics 1.0.
///
/// The two differ in a counter's family name, in whole-numbered bucket bounds, in exemplars and in
/// the end mark.
final class TextExposition: ExpositionWriter {
  private let isOpenMetrics: Bool
  private var out = ByteBuffer()

  init(isOpenMetrics: Bool) { self.isOpenMetrics = isOpenMetrics }

  func writeHeader(_ family: MetricFamily) {
    out.append("# HELP ")
    writeFamilyName(family)
    out.append(0x20)
    out.append(family.help)
    out.append("\n# TYPE ")
    writeFamilyName(family)
    out.append(0x20)
    out.append(family.kind.name)
    out.append(0x0a)
  }

  func write(_ family: MetricFamily, _ labels: LabelSet, _ value: SampleValue) {
    writeSeries(family, labels)
    switch value {
    case .count(let count): out.append(decimal: Int(clamping: count))
    case .level(let level): out.append(decimal: level)
    case .real(let value) where value.isNaN: out.append("NaN")
    case .real(let value) where value.isInfinite:
      out.append(value < 0 ? "-Inf" as StaticString : "+Inf")
    case .real(let value): out.append(value.description)
    case .nanoseconds(let nanoseconds): writeSeconds(nanoseconds)
    }
    out.append(0x0a)
  }

  func write(
    _ family: MetricFamily, _ labels: LabelSet, _ histogram: HistogramSum,
    exemplar: (_ bucket: Int) -> Exemplar?
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
        writeBound(UInt64(histogram.boundsNanoseconds[bucket]))
      } else {
        out.append("+Inf")
      }
      out.append("\"} ")
      out.append(decimal: Int(clamping: cumulative))
      if isOpenMetrics, count > 0, let example = exemplar(bucket) { write(example) }
      out.append(0x0a)
    }
    writeSeries(family, suffix: "_sum", labels)
    writeSeconds(histogram.sumNanoseconds)
    out.append(0x0a)
    writeSeries(family, suffix: "_count", labels)
    out.append(decimal: Int(clamping: cumulative))
    out.append(0x0a)
  }

  /// OpenMetrics must see that nothing is missing.
  func end() -> ByteBuffer {
    if isOpenMetrics { out.append("# EOF\n") }
    var page = ByteBuffer()
    swap(&page, &out)
    return page
  }

  /// The ids are of closed alphabets, and need no escape; together they stay below the 128
  /// characters that a label set of an exemplar may have.
  private func write(_ exemplar: Exemplar) {
    out.append(" # {")
    if !exemplar.traceID.isEmpty {
      out.append("trace_id=\"")
      out.append(exemplar.traceID)
      out.append("\",")
    }
    out.append("request_id=\"")
    out.append(exemplar.requestID)
    out.append("\"} ")
    writeSeconds(UInt64(max(0, exemplar.nanoseconds)))
    out.append(0x20)
    // A float64 of seconds tells microseconds apart, and no more than that.
    writeSeconds(UInt64(max(0, exemplar.unixNanoseconds)) / 1000 * 1000)
  }

  /// OpenMetrics calls a counter's family by its name without `_total`.
  private func writeFamilyName(_ family: MetricFamily) {
    out.append(family.name)
    if isOpenMetrics, family.kind == .counter { out.truncate(to: out.count - "_total".utf8.count) }
  }

  private func writeSeries(
    _ family: MetricFamily, suffix: StaticString = "", _ labels: LabelSet
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
  private func writeBound(_ nanoseconds: UInt64) {
    writeSeconds(nanoseconds)
    if isOpenMetrics, nanoseconds.isMultiple(of: 1_000_000_000) { out.append(".0") }
  }

  /// Decimal digits, not a Double, so that a bound's text is the same in every version and place.
  private func writeSeconds(_ nanoseconds: UInt64) {
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
