/// The bytes that a worker's content codings have taken and made so far.
public struct CodingCounts: Sendable, Equatable {
  public internal(set) var encodedIn = 0
  public internal(set) var encodedOut = 0
  public internal(set) var decodedIn = 0
  public internal(set) var decodedOut = 0

  public init() {}
}
