import Penstock

/// Reads the sections that configure one part of the process each: metrics, execute, idempotency,
/// files, log.
struct ServicesReader {
  let reading: Reading

  private static let day = 86_400_000

  // MARK: Metrics

  func metrics(_ file: Section, _ listen: inout ListenReader) -> MetricsConfiguration {
    let keys = Keys.metrics
    guard let given = file.section("metrics", keys: keys) else { return MetricsConfiguration() }
    let fallback = MetricsConfiguration()
    var address: ListenAddress?
    if let node = given["listen"] { address = listen.address(node) }
    return MetricsConfiguration(
      listen: address,
      accountsMax: given.count("accounts_max", fallback.accountsMax, in: 0...100_000),
      bucketsSeconds: buckets(given, "buckets", fallback.bucketsSeconds),
      addedBucketsSeconds: buckets(given, "added_buckets", fallback.addedBucketsSeconds),
      exemplars: given.flag("exemplars", fallback.exemplars),
      nativeHistograms: given.flag("native_histograms", fallback.nativeHistograms))
  }

  /// Rising bounds in seconds; `+Inf` is added by itself.
  private func buckets(_ section: Section, _ key: String, _ fallback: [Double]) -> [Double] {
    guard let node = section[key] else { return fallback }
    var bounds: [Double] = []
    for item in section.items(key) {
      guard let text = reading.text(item) else { return fallback }
      guard let bound = ScalarFormat.fraction(text), bound > bounds.last ?? 0 else {
        reading.error(
          item, "bounds are seconds, each above the one before",
          help: "write them as in [0.005, 0.05, 0.5, 5]")
        return fallback
      }
      bounds.append(bound)
    }
    guard (1...64).contains(bounds.count) else {
      reading.error(node, "`\(key)` takes 1 to 64 bounds")
      return fallback
    }
    return bounds
  }

  // MARK: Execute

  func execute(
    _ file: Section, _ projects: ProjectsReader, _ accounts: AccountsReader
  ) -> ExecuteConfiguration {
    guard let given = file.section("execute", keys: Keys.execute) else {
      return ExecuteConfiguration()
    }
    let isCustom = given.flag("custom_connection_data", false)
    let toolkits = toolkits(given, accounts)
    if isCustom, toolkits.isEmpty {
      reading.warn(
        given.place(of: "custom_connection_data"),
        "credentials in envelopes are for the hosts of toolkits, and there are none",
        help: "name some under `toolkits`")
    }
    let blocks = AccountUpstreamReader(reading: reading).blocks(given, "binary_url_allow")
    return ExecuteConfiguration(
      v3: given.choice("v3", ExecuteConfiguration.V3Access.retired),
      v3Allowlist: allowlist(given, projects), toolkits: toolkits,
      customConnectionData: isCustom, binaryURLAllow: blocks,
      deadlineMarginMilliseconds: given.milliseconds("deadline_margin", 3000, in: 0...60_000))
  }

  private func allowlist(_ section: Section, _ projects: ProjectsReader) -> [Int] {
    section.items("v3_allowlist").compactMap { item in
      guard let name = reading.text(item) else { return nil }
      if let index = projects.names.firstIndex(of: name) { return index }
      let nearest = NearestName.of(name, among: projects.names)
      reading.error(
        item, "no API key has the name `\(name.prefix(60))`",
        help: nearest.map { "did you mean `\($0)`?" })
      return nil
    }
  }

  private func toolkits(_ section: Section, _ accounts: AccountsReader) -> [Toolkit] {
    guard let node = section["toolkits"], !node.isAbsent else { return [] }
    guard case .mapping(let pairs) = node.content else {
      reading.error(
        node, "\(node.kind) where `toolkits` belongs", help: "write {name: {account: id}}")
      return []
    }
    var names: Set<String> = []
    return pairs.compactMap { pair in
      guard let name = pair.key.text, !pair.isRepeated, isToolkit(name, pair.key, &names),
        let toolkit = Section(
          pair.value, name: "a toolkit", keys: Keys.toolkit, reading: reading),
        let id = toolkit.requiredText("account"), let place = toolkit["account"],
        let index = accounts.index(of: id, namedAt: place)
      else { return nil }
      return Toolkit(name: name, account: index)
    }
  }

  /// A fault where callers could not mean it, or mean two.
  private func isToolkit(_ name: String, _ node: YAMLNode, _ names: inout Set<String>) -> Bool {
    if !FieldSyntax.isName(name) {
      reading.error(
        node, "this cannot be a toolkit's name", help: "1 to 128 letters, digits, `.`, `_` and `-`")
      return false
    }
    if !names.insert(name.lowercased()).inserted {
      reading.error(
        node, "a second toolkit with the name `\(name)`",
        help: "names that differ in the case of letters alone are the same")
      return false
    }
    return true
  }

  // MARK: Idempotency and files

  func idempotency(_ file: Section) -> IdempotencyConfiguration {
    let fallback = IdempotencyConfiguration()
    guard let given = file.section("idempotency", keys: Keys.idempotency) else { return fallback }
    return IdempotencyConfiguration(
      windowMilliseconds: given.milliseconds(
        "window", fallback.windowMilliseconds, in: 0...Self.day),
      bytesMax: given.bytes("max_bytes", fallback.bytesMax, in: 0...1 << 40))
  }

  func files(_ file: Section) -> FilesConfiguration {
    let fallback = FilesConfiguration()
    guard let given = file.section("files", keys: Keys.files) else { return fallback }
    let directory = given.text("directory").map { given.node.source.resolved($0) }
    if let directory { judge(directory, given["directory"] ?? given.node) }
    return FilesConfiguration(
      directory: directory,
      ttlMilliseconds: given.milliseconds(
        "ttl", fallback.ttlMilliseconds, in: 1000...Self.day),
      bytesMax: given.bytes("max_bytes", fallback.bytesMax, in: 0...1 << 50),
      filesMax: given.count("max_files", fallback.filesMax, in: 0...100_000_000),
      signingKeys: signingKeys(given), publicURL: publicURL(given))
  }

  /// Whoever checks a file may be another user than the one that serves by it.
  private func judge(_ directory: String, _ node: YAMLNode) {
    guard let problem = StoreProblem.found(at: directory) else { return }
    let message = "the directory \(problem.message)"
    if problem.isOfThisUser {
      reading.warn(node, message, help: problem.help)
    } else {
      reading.error(node, message, help: problem.help)
    }
  }

  private func signingKeys(_ files: Section) -> [SigningKey] {
    if files.isMissing("signing_key"), !files.isMissing("directory") {
      reading.warn(
        files.node, "without `signing_key` links to files end with the process",
        help: "make one with `openssl rand -hex 32`")
    }
    var keys: [SigningKey] = []
    for item in files.items("signing_key") {
      guard let key = reading.text(item, isSecret: true) else { continue }
      if key.utf8.count < 16 {
        reading.error(
          item, "`signing_key` is shorter than 16 bytes",
          help: "make one with `openssl rand -hex 32`")
      }
      reading.noteDigested(key, as: .signingKey)
      keys.append(SigningKey(of: Array(key.utf8).span))
    }
    return keys
  }

  private func publicURL(_ section: Section) -> String? {
    guard let text = section.text("public_url"), let node = section["public_url"] else {
      return nil
    }
    if let url = try? BaseURL(parsing: text), url.path.isEmpty {
      return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
    reading.error(
      node, "this is no URL for links to begin with",
      help: "write scheme and host alone, as in https://proxy.example")
    return nil
  }

  // MARK: Log

  func log(_ file: Section) -> LogConfiguration {
    let fallback = LogConfiguration()
    guard let given = file.section("log", keys: Keys.log) else { return fallback }
    let path = given.text("path") ?? fallback.path
    let isStream = path == "stdout" || path == "stderr"
    if path.isEmpty || FieldSyntax.hasControl(path) {
      reading.error(given["path"] ?? given.node, "write stdout, stderr or the path of a file")
    }
    let slow = given.milliseconds("slow", 0, in: 0...Self.day)
    let wanted = "a share from 0 to 1, as in 0.1"
    let sample = given.value("sample_success", 1.0, wanted: wanted) { text in
      ScalarFormat.fraction(text).flatMap { (0...1).contains($0) ? $0 : nil }
    }
    return LogConfiguration(
      path: isStream ? path : given.node.source.resolved(path),
      level: given.choice("level", fallback.level), slowMilliseconds: slow, sampleSuccess: sample)
  }
}
