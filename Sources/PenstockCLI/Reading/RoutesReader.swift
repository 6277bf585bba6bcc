import Penstock

/// Reads `routes:` of all files.
struct RoutesReader {
  let reading: Reading
  let accounts: AccountsReader
  private(set) var routes: [Route] = []
  /// Routes that anybody may use.
  private(set) var openRoutes: [YAMLNode] = []
  private var places: [String: YAMLNode] = [:]

  private enum KeyUse: String, CaseIterable {
    case required, optional
  }

  /// Paths that Penstock answers itself before it looks at routes.
  private static let ownPaths = ["/proxy/", "/files/", "/healthz/", "/readyz/"]

  init(reading: Reading, accounts: AccountsReader) {
    self.reading = reading
    self.accounts = accounts
  }

  mutating func read(_ nodes: [YAMLNode]) {
    for node in nodes {
      let name = "a route"
      guard let section = Section(node, name: name, keys: Keys.route, reading: reading) else {
        continue
      }
      read(section)
    }
  }

  private mutating func read(_ section: Section) {
    let path = readPath(section)
    let host = readHost(section)
    let account = section.requiredText("account").flatMap { id in
      section["account"].flatMap { accounts.index(of: id, namedAt: $0) }
    }
    let isKeyRequired = section.choice("api_key", KeyUse.required) == .required
    if !isKeyRequired { openRoutes.append(section.place(of: "api_key")) }
    let serverTiming = section.flag("server_timing", false)
    let compression = TrafficReader(reading: reading).compression(section)
    guard let path, let account else { return }
    refuseSecond(section, path: path, host: host)
    routes.append(
      Route(
        path: path, host: host, account: account, apiKeyRequired: isKeyRequired,
        serverTiming: serverTiming, compression: compression))
  }

  // MARK: Parts

  /// A slash at the end may be left out: it is what the prefix means.
  private func readPath(_ section: Section) -> String? {
    guard let text = section.requiredText("path"), let node = section["path"] else { return nil }
    let path = text.hasSuffix("/") ? text : text + "/"
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain =
      text.hasPrefix("/") && !path.contains("//")
      && !segments.contains { $0 == "." || $0 == ".." }
      && path.utf8.allSatisfy { 0x21...0x7e ~= $0 && !"?#%\\\"<>^`{|}".utf8.contains($0) }
    guard isPlain else {
      reading.error(
        node, "this is no path that requests can begin with",
        help: "write it as in /github/, without `%`, `?`, `#` and dot segments")
      return nil
    }
    if let own = Self.ownPaths.first(where: path.hasPrefix) {
      reading.error(
        node, "Penstock answers `\(own.dropLast())` itself", help: "choose another path")
      return nil
    }
    return path
  }

  private func readHost(_ section: Section) -> String? {
    guard let text = section.text("host"), let node = section["host"] else { return nil }
    guard let rule = HostRule(parsing: text), rule.kind == .exact, rule.port == nil,
      rule.isTLS == nil
    else {
      reading.error(
        node, "this is no host", help: "write the name alone, without scheme and port")
      return nil
    }
    return rule.host
  }

  private mutating func refuseSecond(_ section: Section, path: String, host: String?) {
    let name = (host ?? "") + path
    if let first = places[name] {
      reading.error(
        section.place(of: "path"), "a second route for this path and host",
        help: "the first is in \(first.source.path) on line \(first.line)")
    }
    places[name] = section.place(of: "path")
  }
}
