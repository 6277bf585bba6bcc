import EventLoop

/// The connections of one account to one origin on one worker.
///
/// Per account, so that nothing of one account's connection, a leftover or an unasked answer
/// included, can reach another's. The freshest is taken first: what the origin is about to close
/// is left to run out. Used by its loop's thread only.
public final class ConnectionPool {
  public let origin: Origin
  let settings: PoolSettings
  let connector: Connector
  let sessions = TLSSessionStore()

  private var idle: [UpstreamConnection] = []
  /// Connections there are, the ones being made included.
  private var total = 0
  /// Exchanges that wait because there may be no more connections, oldest first.
  private var waiters: [any UpstreamExchange] = []

  init(_ connector: Connector, _ origin: Origin, _ settings: PoolSettings) {
    self.connector = connector
    self.origin = origin
    self.settings = settings
  }

  /// True where nothing is open, under way or waited for.
  public var isUnused: Bool { total == 0 && waiters.isEmpty }

  /// What asking for a connection came to.
  public enum Acquired {
    /// One from the pool; the request may be sent in this turn.
    case reused(UpstreamConnection)
    /// One is being made: `onConnected` or `onConnectFailed` follows in a later turn.
    case dialing(UpstreamConnection)
    /// All that there may be are busy: as above, when one becomes free.
    case queued
    case failed(UpstreamFailure)
  }

  /// Asks for a connection.
  /// `isFresh`: not one from the pool, for the second try of a request.
  public func acquire(
    for exchange: any UpstreamExchange, isFresh: Bool
  ) -> Acquired {
    if !isFresh {
      while let connection = idle.popLast() {
        connector.count(active: 1, idle: -1)
        if connection.reuse(for: exchange) { return .reused(connection) }
      }
    }
    if settings.connections > 0, total >= settings.connections {
      // An idle one makes room for the fresh one that is wanted.
      guard let oldest = idle.first else {
        waiters.append(exchange)
        connector.count(queued: 1)
        return .queued
      }
      oldest.close()
    }
    return dial(for: exchange)
  }

  private func dial(for exchange: any UpstreamExchange) -> Acquired {
    let connection = UpstreamConnection(self, exchange)
    total += 1
    connector.count(active: 1)
    if connection.dial() { return .dialing(connection) }
    onEnded(connection, wasIdle: false)
    return .failed(UpstreamFailure(.resourcesExhausted, .queue))
  }

  /// A queued exchange no longer wants a connection.
  public func leaveQueue(_ exchange: any UpstreamExchange) {
    guard let index = waiters.firstIndex(where: { $0 === exchange }) else { return }
    waiters.remove(at: index)
    connector.count(queued: -1)
  }

  // MARK: What connections tell

  /// True where the connection may wait here for its next request.
  func keep(_ connection: UpstreamConnection) -> Bool {
    if !waiters.isEmpty {
      // What stands behind the last answer must not become the answer to the next request.
      if connection.hasInputOrEnded() { return false }
      if let next = takeWaiter() {
        connection.serve(next)
        return true
      }
    }
    if idle.count >= settings.idleConnections { return false }
    idle.append(connection)
    connector.count(active: -1, idle: 1)
    return true
  }

  /// A connection is gone.
  func onEnded(_ connection: UpstreamConnection, wasIdle: Bool) {
    total -= 1
    if wasIdle {
      connector.count(idle: -1)
      // Searched from the end, where the freshest are; the one that leaves is rarely far from it.
      if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
    } else {
      connector.count(active: -1)
    }
    guard let next = takeWaiter() else { return }
    switch dial(for: next) {
    case .dialing(let made): next.onDialing(made)
    case .failed(let failure): next.onConnectFailed(failure)
    case .reused, .queued: preconditionFailure("a dial makes a new connection")
    }
  }

  private func takeWaiter() -> (any UpstreamExchange)? {
    if waiters.isEmpty { return nil }
    connector.count(queued: -1)
    return waiters.removeFirst()
  }

  /// Closes what is idle, for good.
  public func closeIdle() {
    for connection in idle { connection.close() }
  }
}
