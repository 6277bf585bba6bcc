/// What a run came to at one of its targets.
struct TargetResult: Sendable {
  let name: String
  let requests: Int
  let errors: Int
  let latency: Latencies

  init(name: String, _ tallies: [TargetTally]) {
    self.name = name
    requests = tallies.reduce(0) { $0 + $1.answers }
    errors = tallies.reduce(0) { $0 + $1.errors }
    latency = RunResult.sum(tallies.map(\.latency))
  }
}
