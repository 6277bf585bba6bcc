/// What a worker's connector has done and holds; read by the worker at the end of a turn.
public struct ConnectorCounts: Sendable {
  /// Connections that serve an exchange, or are being made for one.
  public internal(set) var active = 0
  /// Connections that wait in a pool.
  public internal(set) var idle = 0
  /// Answers that came on a connection nobody had asked anything of.
  public internal(set) var unsolicited = 0

  public init() {}
}
