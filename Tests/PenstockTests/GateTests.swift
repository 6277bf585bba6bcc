import Testing

@testable import Penstock

/// What lets requests through, or does not, by a clock of the test's own.
@Suite struct GateTests {
  private static let second: Int64 = 1_000_000_000

  @Test func `a bucket grants its burst at once and then its rate`() {
    let bucket = TokenBucket(perSecond: 10, burst: 3)
    var now = 5 * Self.second
    for _ in 0..<3 { #expect(bucket.take(nowNanoseconds: now) == nil) }
    #expect(bucket.take(nowNanoseconds: now) == Self.second / 10)
    now += Self.second / 10 - 1
    #expect(bucket.take(nowNanoseconds: now) == 1)
    now += 1
    #expect(bucket.take(nowNanoseconds: now) == nil)
    #expect(bucket.take(nowNanoseconds: now) != nil)
    // What is refused takes nothing; and no more than the burst gathers.
    now += 100 * Self.second
    for _ in 0..<3 { #expect(bucket.take(nowNanoseconds: now) == nil) }
    #expect(bucket.take(nowNanoseconds: now) != nil)
  }

  @Test func `over a long time a bucket grants its rate, whatever asks`() {
    let bucket = TokenBucket(perSecond: 7, burst: 1)
    var granted = 0
    for tick in 0..<100_000 where bucket.take(nowNanoseconds: Int64(tick) * 1_000_000) == nil {
      granted += 1
    }
    #expect(granted == 700)
  }

  @Test func `a breaker opens after its failures in a row, and any answer begins them anew`() {
    let breaker = CircuitBreaker(Breaker(failures: 2, openMilliseconds: 1000))
    #expect(breaker.onFailure(nowNanoseconds: 0) == nil)
    #expect(breaker.onAnswer() == nil)
    #expect(breaker.onFailure(nowNanoseconds: 1) == nil)
    #expect(breaker.admit(nowNanoseconds: 2) == nil)
    #expect(breaker.onFailure(nowNanoseconds: 2) == .opened)
    #expect(breaker.admit(nowNanoseconds: 3) == Self.second - 1)
    // One that was under way fails, too: it stays open, and is told once.
    #expect(breaker.onFailure(nowNanoseconds: 3) == nil)
    #expect(breaker.isOpen)
  }

  @Test func `when its time is over one tries, and the others wait for that one`() {
    let breaker = CircuitBreaker(Breaker(failures: 1, openMilliseconds: 1000))
    #expect(breaker.onFailure(nowNanoseconds: 10) == .opened)
    let later = 10 + Self.second
    #expect(breaker.admit(nowNanoseconds: later - 1) == 1)
    #expect(breaker.admit(nowNanoseconds: later) == nil)
    #expect(breaker.admit(nowNanoseconds: later) == Self.second)
    // The one that tried was given up: somebody else tries, when as much time has passed.
    #expect(breaker.admit(nowNanoseconds: later + Self.second) == nil)
    #expect(breaker.onAnswer() == .closed)
    #expect(breaker.onAnswer() == nil)
    #expect(breaker.admit(nowNanoseconds: later + Self.second) == nil)
    #expect(breaker.onFailure(nowNanoseconds: later) == .opened)
  }
}
