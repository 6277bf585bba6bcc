/// How much the log says; a line is written where its level is at least the configured one.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
  case debug, info, warn, error

  public static func < (left: LogLevel, right: LogLevel) -> Bool {
    left.rank < right.rank
  }

  /// As a line's `level` names it.
  var name: StaticString {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warn: "warning"
    case .error: "error"
    }
  }

  private var rank: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .warn: 2
    case .error: 3
    }
  }
}
