import EventLoop

/// What an exchange asks of its client's connection.
extension ClientConnection {
  /// True where the next answer should be the connection's last.
  var isLastRequest: Bool {
    let limits = worker.configuration.limits
    let age = worker.loop.nowNanoseconds - openedNanoseconds
    return worker.isDraining || isInputEnded
      || limits.keepaliveRequests > 0 && requests >= limits.keepaliveRequests
      || limits.keepaliveAgeMilliseconds > 0
        && age > Int64(limits.keepaliveAgeMilliseconds) * 1_000_000
  }

  /// There is, or was, something to do for this connection in the settle.
  func mark() { worker.loop.mark(self) }

  /// Input that was left because of back-pressure may be processed now.
  func resumeInput() { worker.loop.readyAgain(self) }

  /// The exchange may take no longer than this from now on, in milliseconds.
  func setExchangeTimeout(milliseconds: Int) {
    setExchangeTimeout(
      atNanoseconds: worker.loop.nowNanoseconds + Int64(milliseconds) * 1_000_000)
  }

  func setExchangeTimeout(atNanoseconds deadline: Int64) {
    let made = exchangeTimeout ?? Timeout(owner: self, loop: worker.loop)
    exchangeTimeout = made
    made.set(atNanoseconds: deadline)
  }

  func clearExchangeTimeout() { exchangeTimeout?.clear() }
}
