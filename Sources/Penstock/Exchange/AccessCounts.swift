import Telemetry
import Upstream

/// What metrics count of an exchange.
extension AccessRecord {
  /// Counts the exchange in its worker's shard, when it has ended.
  borrowing func count(in shard: MetricShard, nowNanoseconds: Int64) {
    shard.countRequest(account: account, method: method, code: status)
    shard.observeDuration(account: account, nanoseconds: nowNanoseconds - startNanoseconds)
    shard.addRequestBytes(account: account, bytesReceived)
    shard.addResponseBytes(account: account, bytesSent)
    if let error {
      shard.countError(account: account, error: error.rawValue)
      if let limit = limit(of: error) { shard.countLimitHit(limit: limit.rawValue) }
    }
    if let rules, rules.both != .allowed {
      shard.countRuleDenial(project: project, isObserved: rules.both == .observed)
    }
    if let rate { shard.countRateDenial(project: project, isObserved: rate.isObserved) }
    if hasUpstream { countUpstream(in: shard) }
  }

  /// Makes the exchange an example of how long such ones take.
  borrowing func exemplify(in shard: MetricShard, nowNanoseconds: Int64, unixNanoseconds: Int64) {
    let duration = nowNanoseconds - startNanoseconds
    guard let trace else {
      shard.exemplify(
        account: account, nanoseconds: duration, unixNanoseconds: unixNanoseconds,
        requestID: requestID.span, traceID: Span())
      return
    }
    let traceID = trace.traceDigits
    shard.exemplify(
      account: account, nanoseconds: duration, unixNanoseconds: unixNanoseconds,
      requestID: requestID.span, traceID: traceID.span)
  }

  /// Whether the status page is to name it among what failed last: what an account may be in
  /// trouble for, too, which its upstream answered.
  var isFailure: Bool {
    error?.isFailure ?? (upstreamStatus >= 500 || upstreamStatus == 401 || upstreamStatus == 429)
  }

  /// What the status page tells of it. `mayName`: whether its id may be shown.
  borrowing func recentError(unixNanoseconds: Int64, mayName: Bool) -> RecentErrors.Entry {
    RecentErrors.Entry(
      unixNanoseconds: unixNanoseconds, error: error, phase: phase, status: status,
      upstreamStatus: upstreamStatus, method: method, project: project, account: account,
      requestID: mayName ? requestID.span.withUnsafeBufferPointer { Array($0) } : [])
  }

  private borrowing func countUpstream(in shard: MetricShard) {
    if let times {
      for phase in UpstreamFailure.Phase.allCases {
        guard let nanoseconds = times.nanoseconds(Phase(phase)) else { continue }
        shard.observePhase(phase, nanoseconds: nanoseconds)
      }
    }
    if sentNanoseconds > 0 { shard.countUpstreamRequest(isReused: isReused) }
    if retries > 0 { shard.addRetries(account: account, retries) }
    if upstreamStatus > 0 {
      shard.countUpstreamResponse(account: account, code: upstreamStatus)
      let wait = firstByteNanoseconds - writtenNanoseconds
      shard.observeTTFB(account: account, nanoseconds: wait)
      shard.observeAdded(account: account, nanoseconds: addedNanoseconds)
    }
  }

  private borrowing func limit(of error: PenstockError) -> LimitName? {
    switch error {
    case .upstreamResponseTooLarge: sizeLimit
    case .spoolUnavailable: diskLimit
    default: LimitName(error)
    }
  }
}
