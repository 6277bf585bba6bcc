/// Whether a request may go upstream now: rates, requests in flight, breakers.
///
/// Asked before anything is sent, so that what is refused may be sent again: a key's rate with the
/// key, so that a flood is not read, the rest when all else is decided.
extension Exchange {
  /// What it has entered, and has to leave when it ends.
  struct Entered {
    var process = false
    var account: AccountGate?
  }

  /// False, and answered, where the caller's key asks too often.
  func isWithinRate(of project: Project) -> Bool {
    guard let bucket = worker.shared.gates.buckets[project.index],
      let wait = bucket.take(nowNanoseconds: worker.loop.nowNanoseconds)
    else { return true }
    return isPassed(over: project.rate, .project, waitNanoseconds: wait)
  }

  /// False, and answered, where the process or the account lets nothing more through.
  func isAdmitted(to account: Account) -> Bool {
    let gates = worker.shared.gates
    let now = worker.loop.nowNanoseconds
    guard let gate = gates.ofAccount(account.index) else { return isAdmitted(gates) }
    if let wait = gate.bucket?.take(nowNanoseconds: now),
      !isPassed(over: account.rate, .account, waitNanoseconds: wait)
    {
      return false
    }
    entered.account = gate
    guard gate.inFlight.enter(limit: account.inFlight) else {
      worker.shard.countLimitHit(limit: LimitName.accountInFlight.rawValue)
      answer(.accountConcurrencyLimit)
      return false
    }
    // Behind the rest, for whom it lets try has to go.
    guard isAdmitted(gates) else { return false }
    if let wait = gate.breaker?.admit(nowNanoseconds: now) {
      answer(.accountCircuitOpen, retryAfterSeconds: Self.seconds(wait))
      return false
    }
    return true
  }

  private func isAdmitted(_ gates: Gates) -> Bool {
    let limit = worker.configuration.limits.inFlight
    if limit == 0 { return true }
    entered.process = true
    if gates.inFlight.enter(limit: limit) { return true }
    worker.shard.countLimitHit(limit: LimitName.inFlight.rawValue)
    answer(.overloaded)
    return false
  }

  private func isPassed(
    over rate: RateLimit, _ owner: AccessRecord.RateOwner, waitNanoseconds: Int64
  ) -> Bool {
    record.rate = (owner, isObserved: rate.observe)
    if rate.observe { return true }
    answer(.rateLimited, retryAfterSeconds: Self.seconds(waitNanoseconds))
    return false
  }

  private static func seconds(_ nanoseconds: Int64) -> Int {
    Int((nanoseconds + 999_999_999) / 1_000_000_000)
  }

  // MARK: The end

  /// Makes room, and tells the account's breaker what became of the request.
  func leaveGates() {
    if entered.process { worker.shared.gates.inFlight.leave() }
    if let gate = entered.account {
      gate.inFlight.leave()
      if record.hasUpstream, let breaker = gate.breaker { tell(breaker) }
    }
    entered = Entered()
  }

  private func tell(_ breaker: CircuitBreaker) {
    guard let account else { return }
    if record.upstreamStatus > 0 {
      guard breaker.onAnswer() == .closed else { return }
      worker.tell(.info, "breaker_closed", "account \(account.id): its upstream answers again")
    } else if record.error?.opensBreaker ?? false {
      let change = breaker.onFailure(nowNanoseconds: worker.loop.nowNanoseconds)
      guard change == .opened else { return }
      worker.tell(
        .warn, "breaker_opened",
        "account \(account.id): its upstream failed \(account.breaker.failures) times in a row")
    }
  }
}

extension PenstockError {
  /// The upstream could not be reached, or said nothing in time.
  fileprivate var opensBreaker: Bool {
    switch self {
    case .upstreamDNSFailed, .upstreamDNSTimeout, .upstreamConnectFailed, .upstreamConnectTimeout,
      .upstreamTLSFailed, .upstreamTLSUntrusted, .upstreamTLSTimeout, .upstreamWriteTimeout,
      .upstreamTimeout:
      true
    default: false
    }
  }
}
