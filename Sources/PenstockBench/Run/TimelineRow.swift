/// One second of a run, for who looks at it as time goes by.
struct TimelineRow: Sendable {
  let second: Int
  let answers: Int
  let errors: Int
  let p50Seconds: Double
  let p99Seconds: Double

  init(second: Int, _ interval: IntervalTally) {
    self.second = second
    answers = interval.answers
    errors = interval.errors
    p50Seconds = interval.latency.seconds(atPercentile: 50)
    p99Seconds = interval.latency.seconds(atPercentile: 99)
  }
}
