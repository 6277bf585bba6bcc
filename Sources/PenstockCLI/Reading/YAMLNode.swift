/// One value of a configuration file, and where it stands.
struct YAMLNode {
  enum Content {
    /// The text as written between its quotes, if any; plain is without quotes.
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case mapping([Pair])
  }

  struct Pair {
    let key: YAMLNode
    let value: YAMLNode
    /// True exactly when the mapping has the same key before: a fault by now, and to be skipped.
    let isRepeated: Bool
  }

  let content: Content
  let source: SourceText
  /// Both count from 1; columns in Unicode scalars.
  let line: Int
  let column: Int

  /// The text of a scalar, nil for the others.
  var text: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return text
  }

  /// True exactly when a key stands there and nothing behind it.
  var isAbsent: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return text.isEmpty || text == "~" || text == "null"
  }

  /// Of a key that must not be named.
  var isHiddenKey: Bool { source.isHiddenKey(line: line, column: column) }

  func hideKey() { source.hideKey(line: line, column: column) }

  /// For messages: what stands there.
  var kind: String {
    switch content {
    case .scalar: "a single value"
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }
}
