import Synchronization

/// A count that all workers move, with a limit that holds across them.
final class SharedCount: Sendable {
  private let count = Atomic<Int>(0)

  /// Adds one; false where the limit was reached before, 0 being none. Either way one is in, and
  /// has to leave.
  func enter(limit: Int) -> Bool {
    let before = count.wrappingAdd(1, ordering: .relaxed).oldValue
    return limit == 0 || before < limit
  }

  func add(_ change: Int) { count.wrappingAdd(change, ordering: .acquiringAndReleasing) }

  var value: Int { count.load(ordering: .acquiring) }

  func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}
