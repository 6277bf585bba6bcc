/// Whether the figures are the server's, or those of the generator itself.
struct Verdict: Sendable, Equatable {
  /// Why they are the generator's, each in a sentence. None: they are the server's.
  let reasons: [String]

  var isSaturated: Bool { !reasons.isEmpty }

  init(_ result: RunResult) {
    var reasons: [String] = []
    let isLong = result.loadSeconds >= Self.leastSeconds
    let hot = result.cpuShares.enumerated().filter { isLong && $0.element >= Self.hotShare }
    if let hottest = hot.max(by: { $0.element < $1.element }) {
      reasons.append(
        "\(hot.count) of \(result.cpuShares.count) threads had no time left (the busiest used "
          + "\(Int((hottest.element * 100).rounded())) % of a core): more threads (-t), or fewer "
          + "requests, would tell more of the server")
    }
    let lag = result.sendLag.seconds(atPercentile: 99)
    let p99 = result.latency.seconds(atPercentile: 99)
    if result.isOpenLoop, lag > Self.lagSeconds, lag > p99 * Self.lagShare {
      reasons.append(
        "requests left late although a connection was free: p99 of that is "
          + "\(Figure.seconds(lag)), of a p99 of \(Figure.seconds(p99)) altogether")
    }
    if result.dropped > 0 {
      reasons.append(
        "\(Figure.count(result.dropped)) of \(Figure.count(result.planned)) planned requests were "
          + "never sent, for all connections were busy and too many waited: more connections (-c) "
          + "or a lower rate")
    }
    self.reasons = reasons
  }

  /// A thread that is as busy as this makes answers wait for it.
  private static let hotShare = 0.9
  /// In less time a thread is busy because it begins.
  private static let leastSeconds = 0.1
  private static let lagSeconds = 1e-3
  /// A smaller part of what was measured does not matter.
  private static let lagShare = 0.1
}
