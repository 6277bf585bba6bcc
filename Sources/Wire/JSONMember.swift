/// One member of an object: its key, a string, and its value.
public struct JSONMember: Equatable, Sendable {
  public let key: JSONSlice
  public let value: JSONSlice
}
