import Penstock

/// Reads `accounts:` of all files.
struct AccountsReader {
  let reading: Reading
  /// By id; faulty accounts included, so that what refers to them is not a second fault.
  private(set) var indexes: [String: Int] = [:]
  private(set) var accounts: [Account] = []
  private(set) var ids: [String] = []
  private var places: [String: YAMLNode] = [:]
  /// One account of each of the settings that were read last: many accounts have few of them.
  private var models: [Account] = []
  private static let modelsMax = 16

  /// Labels that metrics give to what is no account.
  private static let reservedIDs: Set<String> = ["none", "other"]

  init(reading: Reading) {
    self.reading = reading
  }

  mutating func read(_ nodes: [YAMLNode]) {
    for node in nodes {
      let name = "an account"
      guard let section = Section(node, name: name, keys: Keys.account, reading: reading),
        let id = readID(section)
      else { continue }
      let index = ids.count
      ids.append(id)
      indexes[id] = index
      places[id] = section["id"]
      guard let account = account(section, id: id, index: index) else { continue }
      accounts.append(account)
      keepAsModel(account)
    }
  }

  /// The index of an account that something else names; a fault where there is none.
  func index(of id: String, namedAt node: YAMLNode) -> Int? {
    if let index = indexes[id] { return index }
    let nearest = NearestName.of(id, among: ids)
    reading.error(
      node, "no account has the id `\(id.prefix(60))`",
      help: nearest.map { "did you mean `\($0)`?" })
    return nil
  }

  private mutating func keepAsModel(_ account: Account) {
    if models.contains(where: { account.shares(settingsOf: $0) }) { return }
    if models.count == Self.modelsMax { models.removeFirst() }
    models.append(account)
  }

  // MARK: One account

  private func readID(_ section: Section) -> String? {
    guard let id = section.requiredText("id"), let node = section["id"] else { return nil }
    if !FieldSyntax.isName(id) {
      reading.error(
        node, "this cannot be an id",
        help: "1 to 128 letters, digits, `.`, `_` and `-`, since it stands in paths and labels")
      return nil
    }
    if Self.reservedIDs.contains(id) {
      reading.error(node, "`\(id)` is what metrics call requests of no account of their own")
      return nil
    }
    if let first = places[id] {
      reading.error(
        node, "a second account with the id `\(id)`",
        help: "the first is in \(first.source.path) on line \(first.line)")
      return nil
    }
    return id
  }

  private func account(_ section: Section, id: String, index: Int) -> Account? {
    let upstream = AccountUpstreamReader(reading: reading)
    let traffic = TrafficReader(reading: reading)
    let base = upstream.baseURL(section)
    let credential = readCredential(section)
    let headers = readHeaders(section, credential: credential)
    let caFile = upstream.caFile(section)
    let proxy = upstream.proxy(section)
    let hosts = upstream.allowedHosts(section)
    let allowPrivate = upstream.allowPrivate(section)
    let timeouts = upstream.timeouts(section)
    let pool = upstream.pool(section)
    let inFlight = section.count("in_flight", 0, in: 0...1_000_000)
    let requestCompression = readRequestCompression(section)
    guard let base, let credential else { return nil }
    return Account(
      index: index, id: id, disabled: section.flag("disabled", false), base: base,
      allowedHosts: hosts, credential: credential, headers: headers, caFile: caFile, proxy: proxy,
      allowPrivate: allowPrivate, timeouts: timeouts, pool: pool, inFlight: inFlight,
      rate: traffic.rate(section), breaker: traffic.breaker(section),
      compression: traffic.compression(section) ?? .auto,
      requestDecompression: section.flag("request_decompression", false),
      requestCompression: requestCompression,
      requestBuffering: section.flag("request_buffering", false),
      trace: section.flag("trace", false), forwarded: laterFlag(section, "forwarded"),
      rules: traffic.rules(section), like: models)
  }

  private func readCredential(_ section: Section) -> Credential? {
    guard let node = section["auth"] else { return Credential.none }
    return CredentialReader(reading: reading).read(node)
  }

  private func laterFlag(_ section: Section, _ key: String) -> Bool {
    let isOn = section.flag(key, false)
    if isOn { reading.noteLater(key, section.place(of: key)) }
    return isOn
  }

  private func readRequestCompression(_ section: Section) -> Bool {
    section.value("request_compression", false, wanted: "off or gzip") { text in
      switch text {
      case "off": false
      case "gzip": true
      default: nil
      }
    }
  }

  /// A value may have been filled in from a secret, so it is never quoted either.
  private func readHeaders(_ section: Section, credential: Credential?) -> [AccountHeader] {
    guard let node = section["headers"], !node.isAbsent else { return [] }
    guard case .mapping(let pairs) = node.content else {
      reading.error(
        node, "\(node.kind) where `headers` belongs", help: "write {Name: value, …}")
      return []
    }
    let checks = CredentialReader(reading: reading)
    var headers: [AccountHeader] = []
    for pair in pairs where !pair.isRepeated {
      guard let name = pair.key.text,
        checks.checkName(name, pair.key), let value = reading.text(pair.value),
        checks.checkValue(value, name, pair.value)
      else { continue }
      let lower = name.lowercased()
      if headers.contains(where: { $0.name.lowercased() == lower }) {
        reading.error(pair.key, "`\(name)` stands here a second time")
      } else if credential?.headerLines.contains(where: { $0.name == lower }) == true {
        reading.error(pair.key, "`\(name)` is already filled by `auth`", help: "remove it here")
      }
      headers.append(AccountHeader(name: name, value: value))
    }
    return headers
  }
}
