/// When an account's upstream is left alone for a while.
public struct Breaker: Sendable, Equatable {
  /// Failures in a row that open it; 0 is never.
  public let failures: Int
  /// How long it stays open before one request may try again.
  public let openMilliseconds: Int

  public init(failures: Int = 0, openMilliseconds: Int = 10_000) {
    self.failures = failures
    self.openMilliseconds = openMilliseconds
  }
}
