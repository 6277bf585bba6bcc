/// How long clients may take, and how long a shutdown lasts. What an upstream may take stands in
/// `AccountTimeouts`.
public struct Timeouts: Sendable, Equatable {
  /// From a request's first byte to the end of its head.
  public var headerMilliseconds = 10_000
  /// Between two reads of a request body.
  public var bodyIdleMilliseconds = 60_000
  /// Between two requests of a connection.
  public var keepAliveMilliseconds = 60_000
  /// Without progress while a client's answer waits to be read.
  public var writeStallMilliseconds = 30_000
  /// Without a byte in either direction of an upgraded connection.
  public var tunnelIdleMilliseconds = 300_000
  /// From the signal to closing the listeners, `/readyz` answering 503 meanwhile.
  public var shutdownDelayMilliseconds = 0
  /// From then on for requests in flight.
  public var shutdownGraceMilliseconds = 20_000

  public init() {}
}
