/// What a thread counted in a tenth of a second.
struct IntervalTally: Sendable {
  var answers = 0
  var errors = 0
  /// Two digits are enough to look at.
  var latency = Latencies.ofNanoseconds(.two)

  mutating func add(_ other: IntervalTally) {
    answers += other.answers
    errors += other.errors
    latency.add(other.latency)
  }
}
