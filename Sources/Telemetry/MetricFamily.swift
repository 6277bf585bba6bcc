/// A metric's name, kind and meaning, as the exposition formats announce it.
public struct MetricFamily: Sendable {
  public enum Kind: Sendable {
    case counter, gauge, histogram

    var name: StaticString {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .histogram: "histogram"
      }
    }
  }

  /// The name that samples carry; a counter's ends in `_total`.
  public let name: StaticString
  public let kind: Kind
  /// One line without backslash, quote or line feed, so that no format has to escape it.
  public let help: StaticString

  public init(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
    precondition((kind == .counter) == "\(name)".hasSuffix("_total"))
    self.name = name
    self.kind = kind
    self.help = help
  }
}
