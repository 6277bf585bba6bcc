/// What a listener serves.
enum Plane: Sendable {
  /// Requests of callers: the execute endpoint, the streaming route, configured routes.
  case data
  /// Metrics and health, for operators.
  case admin
  /// Metrics and health alone, for a scraper from elsewhere.
  case metrics
}
