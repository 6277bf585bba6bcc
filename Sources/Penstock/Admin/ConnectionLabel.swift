/// A connection's side and state as metrics name them.
enum ConnectionLabel: Int, CaseIterable, Sendable {
  case downstreamActive, downstreamIdle, upstreamActive, upstreamIdle

  var side: StaticString {
    switch self {
    case .downstreamActive, .downstreamIdle: "downstream"
    case .upstreamActive, .upstreamIdle: "upstream"
    }
  }

  /// `active` while an exchange uses it, `idle` while it waits for the next one.
  var state: StaticString {
    switch self {
    case .downstreamActive, .upstreamActive: "active"
    case .downstreamIdle, .upstreamIdle: "idle"
    }
  }
}
