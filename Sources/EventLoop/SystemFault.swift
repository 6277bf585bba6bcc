import Glibc

/// A system call that failed, with its errno.
public struct SystemFault: Error, Sendable, CustomStringConvertible {
  public let call: String
  public let number: Int32

  public init(call: String, number: Int32) {
    self.call = call
    self.number = number
  }

  public var description: String { "\(call): \(String(cString: strerror(number)))" }
}
