/// Where log lines go and which are left out.
public struct LogConfiguration: Sendable {
  /// `stdout`, `stderr` or the path of a file.
  public let path: String
  public let level: LogLevel
  /// From this duration on an access line is a warning, and written whatever the share; 0 marks
  /// none as slow.
  public let slowMilliseconds: Int
  /// The share of exchanges without error, with a status below 400 and not slow, that get an
  /// access line; 0 to 1.
  public let sampleSuccess: Double

  public init(
    path: String = "stdout", level: LogLevel = .info, slowMilliseconds: Int = 0,
    sampleSuccess: Double = 1
  ) {
    self.path = path
    self.level = level
    self.slowMilliseconds = slowMilliseconds
    self.sampleSuccess = sampleSuccess
  }
}
