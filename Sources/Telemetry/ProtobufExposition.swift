import PrometheusModel
import SwiftProtobuf
import Wire

/// A page in protobuf: messages of the type `io.prometheus.client.MetricFamily`, each behind its
/// length as a varint.
///
/// A family is gathered until the next one begins. One without samples is left out, as Prometheus'
/// own clients do.
final class ProtobufExposition: ExpositionWriter {
  private var out = ByteBuffer()
  private var family = PrometheusMetricFamily()

  func writeHeader(_ header: MetricFamily) {
    endFamily()
    family.name = "\(header.name)"
    family.help = "\(header.help)"
    switch header.kind {
    case .counter: family.type = .counter
    case .gauge: family.type = .gauge
    case .histogram: family.type = .histogram
    }
  }

  func write(_ header: MetricFamily, _ labels: LabelSet, _ value: SampleValue) {
    var metric = PrometheusMetric()
    metric.label = labels.pairs.map { Self.pair($0.name, $0.value) }
    let number = Self.number(value)
    switch header.kind {
    case .counter: metric.counter.value = number
    case .gauge: metric.gauge.value = number
    case .histogram: preconditionFailure("a histogram is more than a number")
    }
    family.metric.append(metric)
  }

  /// Workers go on counting while they are read. Where there are native buckets the count is
  /// theirs, and what the classic ones have more already is left for the next page: readers refuse
  /// a histogram whose buckets are not its count.
  func write(
    _ header: MetricFamily, _ labels: LabelSet, _ sum: HistogramSum,
    exemplar: (_ bucket: Int) -> Exemplar?
  ) {
    let native = sum.native.map { NativeSpans($0) }
    let count = native?.count ?? sum.count
    var histogram = PrometheusHistogram()
    histogram.sampleCount = count
    histogram.sampleSum = Self.seconds(sum.sumNanoseconds)
    histogram.bucket = Self.buckets(sum, count: count, exemplar)
    if let native {
      histogram.schema = NativeBuckets.schema
      histogram.zeroThreshold = NativeBuckets.zeroThreshold
      histogram.zeroCount = native.zeroCount
      histogram.positiveSpan = native.spans.map { Self.span($0) }
      histogram.positiveDelta = native.deltas
    }
    var metric = PrometheusMetric()
    metric.label = labels.pairs.map { Self.pair($0.name, $0.value) }
    metric.histogram = histogram
    family.metric.append(metric)
  }

  func end() -> ByteBuffer {
    endFamily()
    var page = ByteBuffer()
    swap(&page, &out)
    return page
  }

  private func endFamily() {
    defer { family = PrometheusMetricFamily() }
    if family.metric.isEmpty { return }
    guard let message: [UInt8] = try? family.serializedBytes() else {
      assertionFailure("no field of a family is required")
      return
    }
    var length = UInt(message.count)
    while length > 0x7f {
      out.append(UInt8(truncatingIfNeeded: length) | 0x80)
      length >>= 7
    }
    out.append(UInt8(length))
    out.append(message)
  }

  // MARK: Parts

  private static func buckets(
    _ sum: HistogramSum, count: UInt64, _ exemplar: (_ bucket: Int) -> Exemplar?
  ) -> [PrometheusBucket] {
    var cumulative: UInt64 = 0
    return sum.counts.indices.map { index in
      cumulative &+= sum.counts[index]
      let isLast = index == sum.boundsNanoseconds.count
      var bucket = PrometheusBucket()
      bucket.cumulativeCount = isLast ? count : min(cumulative, count)
      bucket.upperBound = isLast ? .infinity : seconds(UInt64(sum.boundsNanoseconds[index]))
      if sum.counts[index] > 0, let example = exemplar(index) {
        bucket.exemplar = message(example)
      }
      return bucket
    }
  }

  private static func message(_ exemplar: Exemplar) -> PrometheusExemplar {
    var message = PrometheusExemplar()
    if !exemplar.traceID.isEmpty {
      message.label.append(pair("trace_id", String(decoding: exemplar.traceID, as: UTF8.self)))
    }
    message.label.append(pair("request_id", String(decoding: exemplar.requestID, as: UTF8.self)))
    message.value = seconds(UInt64(max(0, exemplar.nanoseconds)))
    let (seconds, rest) = max(0, exemplar.unixNanoseconds)
      .quotientAndRemainder(dividingBy: 1_000_000_000)
    message.timestamp = Google_Protobuf_Timestamp(seconds: seconds, nanos: Int32(rest))
    return message
  }

  private static func span(_ span: NativeSpans.Span) -> PrometheusBucketSpan {
    var message = PrometheusBucketSpan()
    message.offset = Int32(span.offset)
    message.length = UInt32(span.length)
    return message
  }

  private static func pair(_ name: StaticString, _ value: String) -> PrometheusLabelPair {
    var pair = PrometheusLabelPair()
    pair.name = "\(name)"
    pair.value = value
    return pair
  }

  private static func number(_ value: SampleValue) -> Double {
    switch value {
    case .count(let count): Double(count)
    case .level(let level): Double(level)
    case .real(let value): value
    case .nanoseconds(let nanoseconds): seconds(nanoseconds)
    }
  }

  private static func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }
}
