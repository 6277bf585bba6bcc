/// Why a server could not start, in words for an operator.
public struct ServerFault: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
