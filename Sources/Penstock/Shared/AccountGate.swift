/// What an account lets through, for all workers together: so many requests a second, so many at a
/// time, and none while its upstream is left alone.
final class AccountGate: Sendable {
  let bucket: TokenBucket?
  let inFlight = SharedCount()
  let breaker: CircuitBreaker?

  /// Nil for an account without any such limit, as most are.
  init?(_ account: Account) {
    bucket = TokenBucket(account.rate)
    breaker = account.breaker.failures > 0 ? CircuitBreaker(account.breaker) : nil
    if bucket == nil, breaker == nil, account.inFlight == 0 { return nil }
  }
}

extension TokenBucket {
  /// Nil where there is no limit.
  convenience init?(_ rate: RateLimit) {
    if rate.perSecond == 0 { return nil }
    self.init(perSecond: rate.perSecond, burst: rate.burst)
  }
}
