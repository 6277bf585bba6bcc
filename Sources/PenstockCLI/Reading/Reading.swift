import Penstock

/// What the readers of the sections share: the faults found so far, and how a text is filled in.
final class Reading {
  let surroundings: Surroundings
  private let interpolation: Interpolation
  private(set) var faults: [Fault] = []
  /// The first secret of each file that stands there in plain.
  private(set) var literalSecrets: [YAMLNode] = []
  /// By their text.
  var baseURLs: [String: BaseURL] = [:]
  /// The secrets of which the configuration keeps a digest only.
  private(set) var digested: [NamedSecret] = []
  private var laterKeys: [(name: String, node: YAMLNode)] = []

  init(surroundings: Surroundings) {
    self.surroundings = surroundings
    interpolation = Interpolation(environment: surroundings.environment)
  }

  var hasErrors: Bool { faults.contains { $0.severity == .error } }

  // MARK: Faults

  func add(_ found: [Fault]) { faults += found }

  func error(_ node: YAMLNode, _ message: String, help: String? = nil) {
    add(.error, node, message, help)
  }

  func warn(_ node: YAMLNode, _ message: String, help: String? = nil) {
    add(.warning, node, message, help)
  }

  private func add(
    _ severity: Fault.Severity, _ node: YAMLNode, _ message: String, _ help: String?
  ) {
    faults.append(
      Fault(
        severity: severity, source: node.source, line: node.line, column: node.column,
        message: message, help: help))
  }

  // MARK: Keys whose feature comes later

  /// Notes a key that is set to more than its default.
  func noteLater(_ name: String, _ node: YAMLNode) {
    laterKeys.append((name, node))
  }

  /// One warning for all of them, at the first.
  func warnOfLaterKeys() {
    guard let first = laterKeys.first else { return }
    var names: [String] = []
    for (name, _) in laterKeys where !names.contains(name) { names.append(name) }
    let list = names.map { "`\($0)`" }.joined(separator: ", ")
    warn(first.node, "accepted, but without effect in this version: \(list)")
  }

  // MARK: Texts

  /// A scalar with its interpolations filled in; nil, and a fault, for anything else. What comes
  /// out is never quoted in a message: it may be a secret from elsewhere.
  func text(_ node: YAMLNode, isSecret: Bool = false) -> String? {
    guard let written = node.text else {
      error(node, "\(node.kind) where a single value belongs")
      return nil
    }
    if node.isAbsent, written.isEmpty {
      error(node, "a key without a value", help: "write one, or remove the key")
      return nil
    }
    if isSecret, !written.isEmpty, !Interpolation.isNeeded(written) { noteLiteralSecret(node) }
    do {
      return try interpolation.expanded(written, in: node.source)
    } catch {
      self.error(node, error.message, help: error.help)
      return nil
    }
  }

  /// Notes a secret that the configuration knows by its digest.
  func noteDigested(_ secret: String, as name: SecretName) {
    digested.append(NamedSecret(name, Secret(secret)))
  }

  private func noteLiteralSecret(_ node: YAMLNode) {
    if literalSecrets.contains(where: { $0.source === node.source }) { return }
    literalSecrets.append(node)
  }

  /// The values of a list; one value that is no list counts as a list of itself.
  func items(_ node: YAMLNode) -> [YAMLNode] {
    if case .list(let items) = node.content { return items }
    return node.isAbsent ? [] : [node]
  }
}
