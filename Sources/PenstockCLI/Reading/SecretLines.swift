/// Decides which part of which line a fault may not show.
///
/// A value is hidden where its key is known to name a secret, or is not known at all and could:
/// a misspelt `tokn` must not print what it was meant to keep. Hiding too much costs a glance at
/// the file; hiding too little costs a credential.
enum SecretLines {
  private static let secretKeys: Set<String> = [
    "key", "token", "username", "password", "value", "signing_key",
  ]
  private static let suspectWords = [
    "key", "token", "secret", "pass", "pwd", "auth", "cred", "sign", "value", "user",
  ]
  /// Mappings that hold no secrets, so that their unknown keys may be shown with their values.
  private static let openSections: Set<String> = [
    "", "metrics", "execute", "idempotency", "log", "limits", "timeouts", "pool", "rate",
    "breaker", "routes", "compression", "rules", "listen",
  ]

  /// Whether a value under that key, in the mapping under that other key, is to be hidden.
  static func isSecret(_ key: String, in section: String?) -> Bool {
    if section == "headers" || isSuspect(key) { return true }
    if Keys.all.contains(key) { return false }
    guard let section else { return true }
    return !openSections.contains(section)
  }

  private static func isSuspect(_ key: String) -> Bool {
    if secretKeys.contains(key) { return true }
    if Keys.all.contains(key) { return false }
    let lower = key.lowercased()
    return suspectWords.contains(where: lower.contains)
  }

  /// Whether a message may name a key: not one that has run into its value, as in `token:abc`, and
  /// where credentials stand only one that comes near to a known name.
  static func isShowable(_ key: String, in section: String) -> Bool {
    if Keys.all.contains(key) || NearestName.of(key, among: Array(Keys.all)) != nil { return true }
    guard openSections.contains(section) || section == "accounts" else { return false }
    return key.utf8.count <= 32
      && key.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f || $0 == 0x2d }
  }

  /// A URL with a user name or a query may hold a credential, under whatever key.
  private static func mayHoldSecret(_ text: some StringProtocol) -> Bool {
    text.contains("@") || text.contains("://") && text.contains("?")
  }

  // MARK: By structure

  /// Marks the secrets of a file that could be read.
  static func mark(_ root: YAMLNode) {
    walk(root, section: "", end: (root.source.lines.count + 1, 1))
  }

  private typealias Place = (line: Int, column: Int)

  private static func walk(_ node: YAMLNode, section: String, end: Place) {
    switch node.content {
    case .scalar(let text, _):
      if mayHoldSecret(text) { hide(from: node, end: end) }
    case .list(let items):
      for (index, item) in items.enumerated() {
        let next = index + 1 < items.count ? place(items[index + 1], orEnd: end) : end
        walk(item, section: section, end: next)
      }
    case .mapping(let pairs):
      for (index, pair) in pairs.enumerated() {
        let next = index + 1 < pairs.count ? place(pairs[index + 1].key, orEnd: end) : end
        let key = pair.key.text ?? ""
        if section != "headers", !isShowable(key, in: section) { pair.key.hideKey() }
        if isSecret(key, in: section) {
          hide(from: pair.value, behind: pair.key, end: next)
        } else {
          walk(pair.value, section: key, end: next)
        }
      }
    }
  }

  /// An alias stands where its anchor does, which may be anywhere: then the parent's end holds.
  private static func place(_ node: YAMLNode, orEnd end: Place) -> Place {
    (node.line, node.column) < end ? (node.line, node.column) : end
  }

  private static func hide(from value: YAMLNode, behind key: YAMLNode? = nil, end: Place) {
    let source = value.source
    source.mask(line: value.line, from: value.column)
    if let key, (value.line, value.column) < (key.line, key.column) {
      source.mask(line: key.line, from: key.column + (key.text?.unicodeScalars.count ?? 0) + 1)
      return
    }
    guard end.line > value.line else { return }
    for line in (value.line + 1)..<end.line { source.mask(line: line, from: 1) }
    if source.lines.indices.contains(end.line - 1) {
      let before = source.lines[end.line - 1].unicodeScalars.prefix(end.column - 1)
      let isBlank = before.allSatisfy { $0 == " " || $0 == "\t" || $0 == "-" }
      if !isBlank { source.mask(line: end.line, from: 1) }
    }
  }

  // MARK: By sight

  /// Marks what looks like a secret in a file that is not YAML, where nothing tells for sure.
  static func markBySight(_ source: SourceText) {
    var secretIndentation: Int?
    var isLastKeySecret = false
    var isOpen = false
    for (index, line) in source.lines.enumerated() {
      let scalars = Array(line.unicodeScalars)
      if isOpen { source.mask(line: index + 1, from: 1) }
      guard let indentation = scalars.firstIndex(where: { $0 != " " && $0 != "\t" }) else {
        continue
      }
      if let secret = secretIndentation {
        if indentation > secret {
          source.mask(line: index + 1, from: 1)
          continue
        }
        secretIndentation = nil
      }
      let keys = keys(of: scalars)
      if keys.isEmpty, isLastKeySecret { source.mask(line: index + 1, from: 1) }
      for (key, end) in keys {
        isLastKeySecret = isSecret(key, in: nil) && key != "<<"
        guard isLastKeySecret else { continue }
        source.mask(line: index + 1, from: end + 2)
        isOpen = isOpen || isUnclosed(scalars[end...])
        if keys.count == 1 { secretIndentation = indentation }
        break
      }
      if mayHoldSecret(line) {
        source.mask(line: index + 1, from: keys.first.map { $0.end + 2 } ?? 1)
      }
    }
  }

  /// Whether a quote or bracket goes on behind the line, where anything may belong to the secret.
  private static func isUnclosed(_ value: ArraySlice<Unicode.Scalar>) -> Bool {
    func count(_ scalars: String) -> Int {
      value.count { scalars.unicodeScalars.contains($0) }
    }
    return count("[{") > count("]}") || count("\"") % 2 != 0 || count("'") % 2 != 0
  }

  /// Every word before a colon, with the index of the colon. A space behind it may be missing where
  /// the word names a secret.
  private static func keys(of line: [Unicode.Scalar]) -> [(key: String, end: Int)] {
    var keys: [(key: String, end: Int)] = []
    for (index, scalar) in line.enumerated() where scalar == ":" {
      let next = index + 1 < line.count ? line[index + 1] : " "
      let reversed = line[..<index].reversed().drop { $0 == "\"" || $0 == "'" || $0 == " " }
        .prefix { !" \t{,[\"'".unicodeScalars.contains($0) }
      let name = String(String.UnicodeScalarView(reversed.reversed()))
      if " \t\"'".unicodeScalars.contains(next) || isSuspect(name) { keys.append((name, index)) }
    }
    return keys
  }
}
