import Synchronization

/// What a helper thread does for a request, which waits for it: opens a file, writes a page.
// Sendable: `exchange` is touched by its own worker's thread alone, the rest is an atomic.
final class AwaitedTask: @unchecked Sendable {
  /// Nil once it waits no longer.
  private(set) var exchange: Exchange?
  private let isDropped = Atomic(false)

  init(_ exchange: Exchange) { self.exchange = exchange }

  /// The exchange is over, or has what it waited for. From its worker's thread.
  func leave() {
    exchange = nil
    isDropped.store(true, ordering: .relaxed)
  }

  /// False once there is nobody to do it for; from any thread.
  var isWanted: Bool { !isDropped.load(ordering: .relaxed) }
}
