import Penstock

/// One key of `timeouts:`, and the property that it sets.
struct TimeoutKey: Sendable {
  let name: String
  /// In milliseconds; a minimum of 0 means that 0 turns it off.
  let range: ClosedRange<Int>
  let property: any WritableKeyPath<Timeouts, Int> & Sendable

  private static let day = 86_400_000

  static let all = [
    TimeoutKey(name: "header", range: 1...day, property: \.headerMilliseconds),
    TimeoutKey(name: "body_idle", range: 1...day, property: \.bodyIdleMilliseconds),
    TimeoutKey(name: "keep_alive", range: 1...day, property: \.keepAliveMilliseconds),
    TimeoutKey(name: "write_stall", range: 1...day, property: \.writeStallMilliseconds),
    TimeoutKey(name: "tunnel_idle", range: 1...day, property: \.tunnelIdleMilliseconds),
    TimeoutKey(name: "shutdown_delay", range: 0...day, property: \.shutdownDelayMilliseconds),
    TimeoutKey(name: "shutdown_grace", range: 0...day, property: \.shutdownGraceMilliseconds),
  ]
}
