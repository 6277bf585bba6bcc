/// Everything that a run needs to know; never changes while it runs.
struct RunPlan: Sendable {
  var origins: [LoadOrigin]
  var requests: [PreparedRequest]
  /// In which order the requests take turns.
  var mix: Mix
  /// What the targets are called in reports.
  var targets: [String]
  var secrets = SecretMask()
  var threads = 1
  var connections = 10
  var durationNanoseconds: Int64 = 10_000_000_000
  /// Of all threads together; nil where only the time ends the run.
  var requestsMax: Int?
  /// Nil is a closed loop.
  var schedule: RateSchedule?
  var warmUpNanoseconds: Int64 = 0
  var timeoutNanoseconds: Int64 = 10_000_000_000
  var keepsAlive = true
  var countsEvents = false
  /// How fast a connection is read, in bytes a second; nil is as fast as can be.
  var readBytesPerSecond: Int?
  var caFile: String?
  var verifiesPeer = true

  var usesTLS: Bool { origins.contains { $0.isTLS } }

  /// The share of one thread in what all of them have.
  func share(of total: Int, thread: Int) -> Int {
    total / threads + (thread < total % threads ? 1 : 0)
  }
}
