import Penstock

/// Reads `auth:`. No message here quotes a value.
struct CredentialReader {
  let reading: Reading

  private enum Kind: String, CaseIterable {
    case none, bearer, basic, header, query
  }

  private static let forms = """
    write {type: bearer, token: …}, {type: basic, username: …, password: …}, \
    {type: header, name: …, value: …}, {type: query, name: …, value: …} or {type: none}
    """

  /// Nil where something is wrong, which is a fault by then.
  func read(_ node: YAMLNode) -> Credential? {
    if case .list(let items) = node.content { return readHeaders(items, of: node) }
    guard let section = Section(node, name: "`auth`", keys: Keys.credential, reading: reading),
      let written = section.requiredText("type", help: Self.forms)
    else { return nil }
    guard let kind = Kind(rawValue: written) else {
      reading.error(
        section["type"] ?? node, "no such type of credential", help: Self.forms)
      return nil
    }
    refuseOthers(section, kind)
    switch kind {
    case .none: return Credential.none
    case .bearer: return secret(section, "token").map(Credential.bearer(token:))
    case .basic: return readBasic(section)
    case .header: return readHeader(section)
    case .query: return readQuery(section)
    }
  }

  // MARK: Kinds

  /// Either half may be given as empty, since some services take a token in the other alone.
  private func readBasic(_ section: Section) -> Credential? {
    let username = secret(section, "username", mayBeEmpty: true)
    let password = secret(section, "password", mayBeEmpty: true)
    guard let username, let password else { return nil }
    if username.contains(":") {
      reading.error(section["username"] ?? section.node, "a user name cannot hold a colon")
      return nil
    }
    if username.isEmpty, password.isEmpty {
      reading.error(section.node, "user name and password are both empty")
      return nil
    }
    return .basic(username: username, password: password)
  }

  private func readHeader(_ section: Section) -> Credential? {
    if let list = section["headers"] { return readHeaders(reading.items(list), of: list) }
    return readField(section).map { .header([$0]) }
  }

  private func readHeaders(_ items: [YAMLNode], of node: YAMLNode) -> Credential? {
    var fields: [(name: String, value: String)] = []
    for item in items {
      let keys = ["type", "name", "value"]
      guard let section = Section(item, name: "a header", keys: keys, reading: reading) else {
        continue
      }
      if let type = section["type"], section.text("type") != Kind.header.rawValue {
        reading.error(type, "only headers can stand in a list", help: "write `type: header`")
      }
      guard let field = readField(section) else { continue }
      if fields.contains(where: { $0.name.lowercased() == field.name.lowercased() }) {
        reading.error(section["name"] ?? item, "`\(field.name)` stands here a second time")
      }
      fields.append(field)
    }
    if items.isEmpty { reading.error(node, "an empty list of headers", help: Self.forms) }
    return fields.isEmpty ? nil : .header(fields)
  }

  private func readField(_ section: Section) -> (name: String, value: String)? {
    let name = section.requiredText("name")
    let value = secret(section, "value")
    guard let name, let value else { return nil }
    return checkName(name, section["name"] ?? section.node) ? (name, value) : nil
  }

  private func readQuery(_ section: Section) -> Credential? {
    let name = section.requiredText("name")
    let value = secret(section, "value")
    guard let name, let value else { return nil }
    if name.isEmpty || FieldSyntax.hasControl(name) {
      reading.error(section["name"] ?? section.node, "this cannot be a parameter's name")
      return nil
    }
    return .query(name: name, value: value)
  }

  // MARK: Checks

  /// Whether the name may be that of a header which Penstock adds; a fault if not.
  func checkName(_ name: String, _ node: YAMLNode) -> Bool {
    if !FieldSyntax.isToken(name) {
      reading.error(
        node, "this is no name of a header", help: "names are letters, digits and `-`")
      return false
    }
    if FieldSyntax.ownFields.contains(name.lowercased()) {
      reading.error(node, "`\(name)` is written by Penstock itself", help: "remove it")
      return false
    }
    return true
  }

  private func secret(_ section: Section, _ key: String, mayBeEmpty: Bool = false) -> String? {
    guard let value = section.requiredText(key, isSecret: true) else { return nil }
    let node = section[key] ?? section.node
    if value.isEmpty {
      if mayBeEmpty { return value }
      reading.error(node, "`\(key)` is empty")
      return nil
    }
    return checkValue(value, key, node) ? value : nil
  }

  /// Whether the value arrives as written when it is put into a header; a fault if not.
  func checkValue(_ value: String, _ key: String, _ node: YAMLNode) -> Bool {
    if FieldSyntax.hasControl(value) {
      reading.error(
        node, "`\(key)` holds a line break or another control character",
        help: "one newline at the end of a ${file:…} is trimmed; look for others")
      return false
    }
    if FieldSyntax.hasOuterSpace(value) {
      reading.error(node, "`\(key)` begins or ends with a space")
      return false
    }
    return true
  }

  /// A token beside `type: basic` is most likely a mistake about the type.
  private func refuseOthers(_ section: Section, _ kind: Kind) {
    let expected: [String] =
      switch kind {
      case .none: []
      case .bearer: ["token"]
      case .basic: ["username", "password"]
      case .header: ["name", "value", "headers"]
      case .query: ["name", "value"]
      }
    for key in Keys.credential where key != "type" && !expected.contains(key) {
      guard section[key] != nil else { continue }
      let help =
        expected.isEmpty
        ? "remove it" : "`\(kind.rawValue)` takes \(expected.joined(separator: ", "))"
      reading.error(
        section.place(of: key), "`\(key)` does not belong to `type: \(kind.rawValue)`", help: help)
    }
  }
}
