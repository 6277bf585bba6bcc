/// Whether the figures are the server's, or those of the generator itself.
struct Verdict: Sendable, Equatable {
  /// Why they are the generator's, each in a sentence. None: they are the server's.
  let reasons: [String]

  var isSaturated: Bool { !reasons.isEmpty }

  init(_ result: RunResult) {
    var reasons: [String] = []
    let isLong = result.loadSeconds >= Self.leastSeconds
    let busy = zip(result.cpuShares, result.waitShares).map { (cpu: $0, wait: $1, all: $0 + $1) }
    let hot = busy.filter { isLong && $0.all >= Self.hotShare }
    if let hottest = hot.max(by: { $0.all < $1.all }) {
      let remedy =
        hottest.wait > hottest.cpu / 2
        ? "a machine with less to do" : "more threads (-t), or fewer requests,"
      reasons.append(
        "\(hot.count) of \(result.cpuShares.count) threads had no time left (the busiest used "
          + "\(Self.percent(hottest.cpu)) of a core, and waited for one for "
          + "\(Self.percent(hottest.wait)) of the time): \(remedy) would tell more of the server")
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

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  /// A thread that has run, or waited to, for as long makes answers wait for it.
  private static let hotShare = 0.9
  /// In less time a thread is busy because it begins.
  private static let leastSeconds = 0.1
  private static let lagSeconds = 1e-3
  /// A smaller part of what was measured does not matter.
  private static let lagShare = 0.1
}
