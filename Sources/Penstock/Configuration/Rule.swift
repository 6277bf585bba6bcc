/// One kind of request that a project or an account allows; where rules are given, all else is
/// denied.
public struct Rule: Sendable, Equatable {
  /// Method tokens; empty for any.
  public let methods: [String]
  /// Path globs; empty for any.
  public let paths: [String]
  /// Only logged and counted, never refused.
  public let observe: Bool

  public init(methods: [String] = [], paths: [String] = [], observe: Bool = false) {
    self.methods = methods
    self.paths = paths
    self.observe = observe
  }
}
