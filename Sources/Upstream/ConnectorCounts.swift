/// What a worker's connector has done and holds; read by the worker at the end of a turn.
public struct ConnectorCounts: Sendable, Equatable {
  /// Connections that serve an exchange, or are being made for one.
  public internal(set) var active = 0
  /// Connections that wait in a pool.
  public internal(set) var idle = 0
  /// Exchanges that wait because there may be no more connections.
  public internal(set) var queued = 0
  /// Dials under way.
  public internal(set) var dials = 0
  /// TLS handshakes that succeeded, and how many of them went on from an earlier session.
  public internal(set) var handshakes = 0
  public internal(set) var resumedHandshakes = 0
  /// Answers that came on a connection nobody had asked anything of.
  public internal(set) var unsolicited = 0

  public init() {}
}
