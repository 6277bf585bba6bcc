/// What a run found in event streams.
struct EventResult: Sendable {
  let events: Int
  /// Streams that the run's end cut.
  let streamsCut: Int
  let firstEvent: Latencies
  let gap: Latencies

  init(_ tallies: [ThreadTally]) {
    events = tallies.sum(\.events)
    streamsCut = tallies.sum(\.streamsCut)
    firstEvent = RunResult.sum(tallies.map(\.firstEvent))
    gap = RunResult.sum(tallies.map(\.eventGap))
  }
}
