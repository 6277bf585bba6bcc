/// How long an account's upstream may take, by phase.
public struct AccountTimeouts: Sendable, Equatable {
  /// Name lookup, TCP and TLS together.
  public var connectMilliseconds = 5000
  /// From the request's last byte to the answer's first.
  public var firstByteMilliseconds = 55_000
  /// Between two reads, or two writes, of a body.
  public var idleMilliseconds = 60_000
  /// The whole exchange; 0 is no limit.
  public var totalMilliseconds = 0

  public init() {}
}
