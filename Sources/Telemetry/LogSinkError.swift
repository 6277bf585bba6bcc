import Glibc

/// Why the log cannot be written.
public enum LogSinkError: Error, Equatable, CustomStringConvertible {
  /// The operator's path does not open; the number is errno's.
  case cannotOpen(path: String, errorNumber: Int32)

  public var description: String {
    switch self {
    case .cannotOpen(let path, let errorNumber):
      "cannot open the log file \(path): \(String(cString: strerror(errorNumber)))"
    }
  }
}
