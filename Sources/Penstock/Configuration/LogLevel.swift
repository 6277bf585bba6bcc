/// How much the log says; a line is written where its level is at least the configured one.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
  case debug, info, warn, error

  public static func < (left: LogLevel, right: LogLevel) -> Bool {
    left.rank < right.rank
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
