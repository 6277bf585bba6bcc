/// A token bucket.
public struct RateLimit: Sendable, Equatable {
  /// Requests a second; 0 is no limit.
  public let perSecond: Int
  /// Requests that may come at once.
  public let burst: Int
  /// Only logged and counted, never refused.
  public let observe: Bool

  public static let none = RateLimit(perSecond: 0)

  public init(perSecond: Int, burst: Int? = nil, observe: Bool = false) {
    self.perSecond = perSecond
    self.burst = burst ?? perSecond
    self.observe = observe
  }
}
