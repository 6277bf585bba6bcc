import EventLoop

/// A request that waits for another's answer, on whatever worker that one is.
// Sendable: `exchange` is touched by its own worker's thread alone.
final class ReplayWaiter: ReplayListener, @unchecked Sendable {
  private let remote: RemoteTasks
  private var exchange: Exchange?

  init(_ exchange: Exchange) {
    remote = exchange.worker.remote
    self.exchange = exchange
  }

  /// For any thread.
  func tell(_ answer: ReplayTable.Answer) {
    remote.post { [self] in
      exchange?.onReplay(answer)
      exchange = nil
    }
  }

  /// It is no longer interested.
  func leave() { exchange = nil }
}
