/// What the rules of a project or of an account say of one request.
///
/// Without `observe` what none of them matches is denied. A list of rules that all observe denies
/// nothing: what it would deny is told. Beside rules that do not observe, one that does lets pass
/// what it matches, and that is told as well.
public struct RuleList: Sendable, Equatable {
  public enum Verdict: Int, Sendable {
    case allowed
    /// It passes, but would not without `observe`.
    case observed
    case denied
  }

  public let rules: [Rule]
  /// True exactly when no rule denies anything.
  private let isObserved: Bool

  public init(_ rules: [Rule]) {
    self.rules = rules
    isObserved = !rules.isEmpty && rules.allSatisfy(\.observe)
  }

  /// `path`: normalized; empty for one that no glob can name.
  /// Returns the place of the rule that decided beside the verdict; nil where none matches.
  func judge(_ method: Span<UInt8>, _ path: Span<UInt8>) -> (verdict: Verdict, place: Int?) {
    var observer: Int?
    for place in rules.indices where rules[place].matches(method, path) {
      if isObserved || !rules[place].observe { return (.allowed, place) }
      if observer == nil { observer = place }
    }
    if let observer { return (.observed, observer) }
    return (isObserved ? .observed : .denied, nil)
  }
}
