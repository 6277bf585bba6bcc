/// An account's upstream connections, each number for one worker.
public struct PoolLimits: Sendable, Equatable {
  /// Connections kept without a request.
  public var idle = 512
  /// Connections in all; 0 is no limit.
  public var connections = 0
  public var idleTimeoutMilliseconds = 55_000
  public var lifetimeMilliseconds = 600_000

  public init() {}
}
