import Wire

/// One kind of request that a project or an account allows.
public struct Rule: Sendable, Equatable {
  /// Method tokens, compared exactly: GET does not mean HEAD. Empty for any.
  public let methods: [String]
  private let methodBytes: [[UInt8]]
  /// Empty for any path.
  public let paths: [PathGlob]
  /// What it matches is never refused, only logged and counted where nothing else allows it.
  public let observe: Bool

  public init(methods: [String] = [], paths: [PathGlob] = [], observe: Bool = false) {
    self.methods = methods
    methodBytes = methods.map { Array($0.utf8) }
    self.paths = paths
    self.observe = observe
  }

  /// `path`: normalized; empty for one that no glob can name.
  func matches(_ method: Span<UInt8>, _ path: Span<UInt8>) -> Bool {
    allows(method) && names(path)
  }

  func allows(_ method: Span<UInt8>) -> Bool {
    if methodBytes.isEmpty { return true }
    var index = 0
    while index < methodBytes.count {
      let allowed = methodBytes[index]
      if method.equals(allowed.span) { return true }
      index &+= 1
    }
    return false
  }

  func names(_ path: Span<UInt8>) -> Bool {
    if paths.isEmpty || path.isEmpty { return paths.isEmpty }
    var index = 0
    while index < paths.count {
      if paths[index].matches(path) { return true }
      index &+= 1
    }
    return false
  }
}
