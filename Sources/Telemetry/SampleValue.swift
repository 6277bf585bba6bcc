/// What a counter or a gauge stands at, as exactly as it is known.
enum SampleValue {
  case count(UInt64)
  case level(Int)
  case real(Double)
  /// A duration, which is told in seconds.
  case nanoseconds(UInt64)
}
