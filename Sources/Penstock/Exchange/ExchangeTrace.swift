import Wire

/// The trace that an exchange is a part of. Upstreams hear of it only where their account says so.
extension Exchange {
  /// Appends `traceparent`, of a span of the exchange's own, and returns true where its trace is
  /// the client's. Appends nothing, and returns false, where the account wants none.
  func appendTraceParent(_ account: Account) -> Bool {
    guard account.trace else { return false }
    var trace = record.trace ?? worker.requestIDs.beginTrace()
    if record.isTraceOffered { trace.span = worker.requestIDs.newSpan() }
    record.trace = trace
    record.hasSpan = true
    requestBytes.append("traceparent: ")
    trace.append(into: &requestBytes)
    requestBytes.append("\r\n")
    return record.isTraceOffered
  }
}
