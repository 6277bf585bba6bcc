import Synchronization

/// Lets so many requests pass a second, and a burst at once, for all workers together.
///
/// All that is kept is when the bucket would be full again (the generic cell rate algorithm of
/// ATM's I.371), so that taking a token is one compare-and-swap and no thread waits for another.
final class TokenBucket: Sendable {
  private let fullAtNanoseconds = Atomic<Int64>(0)
  private let tokenNanoseconds: Int64
  private let burstNanoseconds: Int64

  /// `perSecond`: 1 to a milliard; `burst`: at least 1 is granted.
  init(perSecond: Int, burst: Int) {
    precondition(perSecond > 0)
    tokenNanoseconds = max(1, 1_000_000_000 / Int64(perSecond))
    burstNanoseconds = tokenNanoseconds * Int64(max(1, burst))
  }

  /// Takes a token, in loop time. Nil where there was one; else how long it takes until there is.
  func take(nowNanoseconds now: Int64) -> Int64? {
    var fullAt = fullAtNanoseconds.load(ordering: .relaxed)
    while true {
      let next = max(fullAt, now) + tokenNanoseconds
      if next - now > burstNanoseconds { return next - now - burstNanoseconds }
      let result = fullAtNanoseconds.compareExchange(
        expected: fullAt, desired: next, ordering: .relaxed)
      if result.exchanged { return nil }
      fullAt = result.original
    }
  }
}
