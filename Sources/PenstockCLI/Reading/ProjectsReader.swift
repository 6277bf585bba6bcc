import Penstock

/// Reads `api_keys:` of all files.
struct ProjectsReader {
  let reading: Reading
  let accounts: AccountsReader
  private(set) var projects: [Project] = []
  private(set) var names: [String] = []
  private var digests: [(digest: KeyDigest, project: String)] = []

  /// Whom log and metrics call so is decided by Penstock.
  private static let reservedNames: Set<String> = ["anonymous", "none", "other"]

  init(reading: Reading, accounts: AccountsReader) {
    self.reading = reading
    self.accounts = accounts
  }

  mutating func read(_ nodes: [YAMLNode]) {
    for node in nodes {
      let name = "an API key"
      guard let section = Section(node, name: name, keys: Keys.project, reading: reading) else {
        continue
      }
      read(section)
    }
  }

  private mutating func read(_ section: Section) {
    let name = readName(section)
    let keys = readKeys(section, project: name ?? "")
    let allows = readAccounts(section)
    let defaultAccount = readDefault(section, allows: allows)
    let traffic = TrafficReader(reading: reading)
    let rate = traffic.rate(section)
    let rules = traffic.rules(section)
    guard let name else { return }
    projects.append(
      Project(
        index: names.count, name: name, keyDigests: keys, allows: allows,
        defaultAccount: defaultAccount, rate: rate, rules: rules))
    names.append(name)
  }

  // MARK: Parts

  private func readName(_ section: Section) -> String? {
    guard let name = section.requiredText("name"), let node = section["name"] else { return nil }
    if !FieldSyntax.isName(name) {
      reading.error(
        node, "this cannot be a name", help: "1 to 128 letters, digits, `.`, `_` and `-`")
      return nil
    }
    if Self.reservedNames.contains(name) {
      reading.error(node, "`\(name)` is a name that Penstock gives itself", help: "choose another")
      return nil
    }
    if names.contains(name) {
      reading.error(
        node, "a second API key with the name `\(name)`",
        help: "give one name several keys as `key: [old, new]`")
      return nil
    }
    return name
  }

  private mutating func readKeys(_ section: Section, project: String) -> [KeyDigest] {
    if section.isMissing("key"), section.isMissing("key_sha256") {
      reading.error(
        section.node, "`key` is missing from an API key",
        help: "write `key: ${env:NAME}`, or `key_sha256:` with the digest in hexadecimal")
    }
    var result: [KeyDigest] = []
    for item in section.items("key") {
      if let digest = readKey(item), isNew(digest, item, project) { result.append(digest) }
    }
    for item in section.items("key_sha256") {
      guard let text = reading.text(item) else { continue }
      guard let digest = KeyDigest(hexadecimal: text) else {
        reading.error(
          item, "this is no SHA-256 digest",
          help: "64 hexadecimal digits, as `printf %s KEY | sha256sum` prints")
        continue
      }
      if isNew(digest, item, project) { result.append(digest) }
    }
    return result
  }

  private func readKey(_ node: YAMLNode) -> KeyDigest? {
    guard let key = reading.text(node, isSecret: true) else { return nil }
    guard !key.isEmpty, key.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
      let isEmpty = key.isEmpty
      reading.error(
        node, isEmpty ? "the key is empty" : "the key holds a character that no caller can show",
        help: "use visible ASCII characters without spaces")
      return nil
    }
    reading.noteDigested(key, as: .apiKey(ofProject: names.count))
    return KeyDigest(of: Array(key.utf8).span)
  }

  private mutating func isNew(_ digest: KeyDigest, _ node: YAMLNode, _ project: String) -> Bool {
    if let other = digests.first(where: { $0.digest == digest }) {
      let owner = other.project == project ? "this project" : "the project `\(other.project)`"
      reading.error(node, "\(owner) already has this key", help: "make a new one")
      return false
    }
    digests.append((digest, project))
    return true
  }

  private func readAccounts(_ section: Section) -> [Bool] {
    var allows = [Bool](repeating: false, count: accounts.ids.count)
    _ = section.required("accounts", help: "write ids or globs, as in accounts: [\"*\"]")
    for item in section.items("accounts") {
      guard let text = reading.text(item) else { continue }
      if !Glob.isPattern(text) {
        if let index = accounts.index(of: text, namedAt: item) { allows[index] = true }
        continue
      }
      var matched = false
      for (index, id) in accounts.ids.enumerated() where Glob.matches(text, id) {
        allows[index] = true
        matched = true
      }
      if !matched { reading.warn(item, "no account matches `\(text.prefix(60))`") }
    }
    return allows
  }

  private func readDefault(_ section: Section, allows: [Bool]) -> Int? {
    guard let id = section.text("default_account"), let node = section["default_account"],
      let index = accounts.index(of: id, namedAt: node)
    else { return nil }
    if !allows[index] {
      reading.error(
        node, "`\(id)` is not among the accounts that this key may use",
        help: "add it to `accounts`")
    }
    return index
  }
}
