import Yams

/// Turns a file's text into nodes; the only place that knows the YAML library.
///
/// The library stops at the first mapping that holds a key twice. Since all faults of a file are
/// to be reported at once, the second key is then renamed, in place and at the same width, and the
/// text composed again.
struct YAMLDocument {
  /// Nodes after aliases are filled in: a few bytes of aliases can stand for billions of them.
  static let nodesMax = 1_000_000
  static let duplicatesMax = 100

  let source: SourceText
  private(set) var faults: [Fault] = []
  private var duplicates: DuplicateKeys
  private var nodesLeft = Self.nodesMax

  init(source: SourceText) {
    self.source = source
    duplicates = DuplicateKeys(source: source)
  }

  /// The document's root; nil where there is none, with the reason in `faults`.
  mutating func read() -> YAMLNode? {
    while true {
      do {
        // The encoding is given because its default would ask the environment, and print.
        guard let root = try compose(yaml: duplicates.text, .default, .default, .utf8) else {
          faults.append(fault(line: 1, column: 1, "the file is empty", help: nil))
          return nil
        }
        return bounded(root)
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        let count = faults.count
        for key in keys { note(duplicate: key, first: context.mark) }
        if faults.count == count || faults.count >= Self.duplicatesMax { return nil }
      } catch let error as YamlError {
        SecretLines.markBySight(source)
        faults.append(syntaxFault(error))
        return nil
      } catch {
        faults.append(fault(line: 1, column: 1, "this is not YAML", help: nil))
        return nil
      }
    }
  }

  // MARK: Faults

  /// Only the first of several keys comes with its place; the others follow in the next round.
  private mutating func note(duplicate key: String, first: Mark) {
    guard let place = duplicates.renameSecond(key, line: first.line, column: first.column) else {
      return
    }
    faults.append(
      fault(
        line: place.line, column: place.column, "`\(key)` stands here a second time",
        help: "keep one of the two; the first is on line \(first.line)"))
  }

  private func syntaxFault(_ error: YamlError) -> Fault {
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let wording =
        isReference(at: mark)
        ? .unquotedReference : SyntaxWording(problem: problem, context: context?.text ?? "")
      let start = wording.pointsAtStart ? context?.mark ?? mark : mark
      return fault(
        line: start.line, column: start.column, wording.message, help: wording.help)
    case .reader(_, let offset, _, _):
      let place = place(ofCharacter: offset ?? 0)
      return fault(
        line: place.line, column: place.column, "this character may not stand in a YAML file",
        help: "remove it, or write it as an escape such as \"\\x07\" in double quotes")
    default:
      return fault(line: 1, column: 1, "this is not YAML", help: nil)
    }
  }

  /// Whether a `${` stands there: in lists and mappings in brackets, YAML takes its brace for one
  /// of its own.
  private func isReference(at mark: Mark) -> Bool {
    guard source.lines.indices.contains(mark.line - 1) else { return false }
    let around = source.lines[mark.line - 1].unicodeScalars.dropFirst(max(0, mark.column - 2))
    return around.starts(with: "${".unicodeScalars)
  }

  private func place(ofCharacter offset: Int) -> (line: Int, column: Int) {
    let before = source.text.prefix(offset)
    let lines = before.split(omittingEmptySubsequences: false) { $0.isNewline }
    return (lines.count, (lines.last?.unicodeScalars.count ?? 0) + 1)
  }

  private func fault(line: Int, column: Int, _ message: String, help: String?) -> Fault {
    Fault(
      severity: .error, source: source, line: line, column: column, message: message, help: help)
  }

  // MARK: Nodes

  private mutating func bounded(_ root: Node) -> YAMLNode? {
    let node = converted(root)
    if nodesLeft >= 0 { return node }
    faults.append(
      fault(
        line: 1, column: 1, "the file has more than \(Self.nodesMax) values",
        help: "an alias stands for all that its anchor holds; use fewer"))
    return nil
  }

  private mutating func converted(_ node: Node) -> YAMLNode {
    nodesLeft -= 1
    let mark = node.mark
    let content: YAMLNode.Content
    switch node {
    case .scalar(let scalar):
      content = .scalar(scalar.string, isPlain: scalar.style == .plain)
    case .sequence(let sequence):
      var items: [YAMLNode] = []
      for item in sequence where nodesLeft >= 0 { items.append(converted(item)) }
      content = .list(items)
    case .mapping(let mapping):
      content = .mapping(pairs(of: mapping))
    case .alias:
      // Made by the library's encoder alone; composing has filled every alias in.
      content = .scalar("", isPlain: true)
    }
    return YAMLNode(
      content: content, source: source, line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  /// What `<<` merges in comes last and yields to the mapping's own keys.
  private mutating func pairs(of mapping: Node.Mapping) -> [YAMLNode.Pair] {
    var own: [YAMLNode.Pair] = []
    var merged: [YAMLNode.Pair] = []
    for (key, value) in mapping where nodesLeft >= 0 {
      let (key, value) = (converted(key), converted(value))
      if case .scalar("<<", isPlain: true) = key.content {
        merged += Self.mergeable(value)
      } else {
        own.append(restored(key, value))
      }
    }
    var names = Set(own.compactMap(\.key.text))
    for pair in merged where names.insert(pair.key.text ?? "").inserted { own.append(pair) }
    return own
  }

  private static func mergeable(_ node: YAMLNode) -> [YAMLNode.Pair] {
    switch node.content {
    case .mapping(let pairs): pairs
    case .list(let items): items.flatMap(mergeable)
    case .scalar: []
    }
  }

  private func restored(_ key: YAMLNode, _ value: YAMLNode) -> YAMLNode.Pair {
    guard let text = key.text, let name = duplicates.originalName(of: text) else {
      return YAMLNode.Pair(key: key, value: value, isRepeated: false)
    }
    let original = YAMLNode(
      content: .scalar(name, isPlain: true), source: source, line: key.line, column: key.column)
    return YAMLNode.Pair(key: original, value: value, isRepeated: true)
  }
}
