/// What one thread has counted of one target.
struct TargetTally: Sendable {
  /// Of answers that are no errors: from the planned time in an open loop, from sending in a
  /// closed one.
  var latency = Latencies.ofNanoseconds()
  var answers = 0
  /// Answers of 4xx and 5xx, and requests that got none.
  var errors = 0
}
