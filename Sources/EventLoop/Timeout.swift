/// A point in time at which its owner is told, unless it is moved or cleared before.
///
/// Refreshing is one store: a deadline that moves later leaves the timeout where it is linked, and
/// the wheel puts it where it belongs when it comes by. Owned by its watcher, which outlives it.
/// Used by the loop's thread only.
public final class Timeout {
  /// Loop time in nanoseconds, `never` when cleared.
  private(set) var deadlineNanoseconds = Timeout.never
  static let never = Int64.max

  unowned let owner: Watcher
  private let wheel: TimeoutWheel

  /// The wheel's links: a list a slot, held unretained. `slot` is -1 exactly when not linked.
  var slot = -1
  var next: Unmanaged<Timeout>?
  var previous: Unmanaged<Timeout>?

  public init(owner: Watcher, loop: EventLoop) {
    self.owner = owner
    wheel = loop.wheel
  }

  deinit { if slot >= 0 { wheel.unlink(self) } }

  public var isSet: Bool { deadlineNanoseconds != Timeout.never }

  /// Runs out at this loop time, in nanoseconds, whatever was set before.
  public func set(atNanoseconds deadline: Int64) {
    deadlineNanoseconds = deadline
    if slot < 0 {
      wheel.link(self)
    } else if wheel.tick(for: deadline) < wheel.linkedTick(of: self) {
      wheel.unlink(self)
      wheel.link(self)
    }
  }

  /// Never runs out. It stays linked until the wheel comes by, which costs nothing now.
  public func clear() { deadlineNanoseconds = Timeout.never }

  func onExpired() {
    deadlineNanoseconds = Timeout.never
    owner.onTimeout(self)
  }
}
