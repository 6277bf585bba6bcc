import Synchronization

/// Leaves an upstream alone that has failed a number of times in a row: for a while nothing is sent
/// to it, then one request tries whether it is back. Holds for all workers.
///
/// Any answer closes it again, whatever its status: an upstream that answers is there.
final class CircuitBreaker: Sendable {
  enum Change { case opened, closed }

  private let failuresMax: Int
  private let openNanoseconds: Int64
  /// In a row, up to now.
  private let failures = Atomic<Int>(0)
  /// Until when nothing is sent, in loop time; 0 while it is closed.
  private let openUntilNanoseconds = Atomic<Int64>(0)

  init(_ breaker: Breaker) {
    precondition(breaker.failures > 0)
    failuresMax = breaker.failures
    openNanoseconds = Int64(breaker.openMilliseconds) * 1_000_000
  }

  var isOpen: Bool { openUntilNanoseconds.load(ordering: .relaxed) > 0 }

  /// Nil where a request may be sent; else how long nothing will be. The first that comes when the
  /// time is over is the one that tries, and others wait for what becomes of it, for as long again.
  func admit(nowNanoseconds now: Int64) -> Int64? {
    let until = openUntilNanoseconds.load(ordering: .relaxed)
    if until == 0 { return nil }
    if now < until { return until - now }
    let result = openUntilNanoseconds.compareExchange(
      expected: until, desired: now + openNanoseconds, ordering: .relaxed)
    if result.exchanged || result.original == 0 { return nil }
    return max(1, result.original - now)
  }

  /// An upstream has answered.
  func onAnswer() -> Change? {
    if failures.load(ordering: .relaxed) != 0 { failures.store(0, ordering: .relaxed) }
    guard isOpen else { return nil }
    return openUntilNanoseconds.exchange(0, ordering: .relaxed) > 0 ? .closed : nil
  }

  /// An upstream could not be reached, or said nothing in time.
  func onFailure(nowNanoseconds now: Int64) -> Change? {
    let count = failures.wrappingAdd(1, ordering: .relaxed).newValue
    guard count >= failuresMax else { return nil }
    let before = openUntilNanoseconds.exchange(now + openNanoseconds, ordering: .relaxed)
    return before == 0 ? .opened : nil
  }
}
