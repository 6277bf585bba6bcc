import Wire

/// What a form of a page does with what `Exposition` is given, in the same order.
protocol ExpositionWriter: AnyObject {
  func writeHeader(_ family: MetricFamily)
  func write(_ family: MetricFamily, _ labels: LabelSet, _ value: SampleValue)
  func write(
    _ family: MetricFamily, _ labels: LabelSet, _ histogram: HistogramSum,
    exemplar: (_ bucket: Int) -> Exemplar?)
  func end() -> ByteBuffer
}
