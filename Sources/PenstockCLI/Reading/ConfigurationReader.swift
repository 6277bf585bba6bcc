import Glibc
import Penstock

/// Reads a configuration file and all that it includes into one `Configuration`, or into every
/// fault that stands in the way.
struct ConfigurationReader {
  struct Outcome {
    /// Nil exactly when one of the faults is an error.
    let configuration: Configuration?
    /// By file, line and column; warnings among them.
    let faults: [Fault]
  }

  static let fileBytesMax = 4 << 20
  static let filesMax = 1000

  private let reading: Reading
  /// Every file in the order in which it was read, and whether others on the machine may read it.
  private var files: [(source: SourceText, isShared: Bool)] = []
  private var projects: [YAMLNode] = []
  private var accountsReader: AccountsReader
  private var routes: [YAMLNode] = []

  private init(surroundings: Surroundings) {
    reading = Reading(surroundings: surroundings)
    accountsReader = AccountsReader(reading: reading)
  }

  static func read(path: String, surroundings: Surroundings) -> Outcome {
    var reader = ConfigurationReader(surroundings: surroundings)
    let configuration = reader.configuration(at: path)
    return Outcome(
      configuration: reader.reading.hasErrors ? nil : configuration, faults: reader.sortedFaults())
  }

  // MARK: The whole

  private mutating func configuration(at path: String) -> Configuration? {
    guard let root = load(path, includedAt: nil),
      let file = Section(root, name: "the file", keys: Keys.file, reading: reading)
    else { return nil }
    collect(file)
    for item in file.items("include") { include(item) }
    var projectsReader = ProjectsReader(reading: reading, accounts: accountsReader)
    projectsReader.read(projects)
    var routesReader = RoutesReader(reading: reading, accounts: accountsReader)
    routesReader.read(routes)
    var listen = ListenReader(reading: reading)
    listen.read(file)
    let admin = listen.readAdmin(file)
    let services = ServicesReader(reading: reading)
    let limits = LimitsReader(reading: reading)
    let metrics = services.metrics(file, &listen)
    let parts = (
      workers: workers(file),
      trusted: AccountUpstreamReader(reading: reading).blocks(file, "trusted_proxies"),
      execute: services.execute(file, projectsReader, accountsReader),
      idempotency: services.idempotency(file), files: services.files(file),
      log: services.log(file), limits: limits.limits(file), timeouts: limits.timeouts(file)
    )
    if !parts.trusted.isEmpty {
      reading.noteLater("trusted_proxies", file.place(of: "trusted_proxies"))
    }
    warn(listen, routesReader)
    if reading.hasErrors { return nil }
    return Configuration(
      listeners: listen.listeners, admin: admin, metrics: metrics, workers: parts.workers,
      trustedProxies: parts.trusted, projects: projectsReader.projects,
      accounts: accountsReader.accounts, routes: routesReader.routes, execute: parts.execute,
      idempotency: parts.idempotency, files: parts.files, log: parts.log, limits: parts.limits,
      timeouts: parts.timeouts, digest: digest, warnings: sortedFaults().map(\.headline),
      digested: reading.digested)
  }

  /// Of the text of all files as a fault may show it: a digest of what can be guessed would tell
  /// whether a guess is right, so no secret has a part in it.
  private var digest: String {
    var text = ""
    for (source, _) in files {
      for number in source.lines.indices { text += source.shownLine(number + 1) + "\n" }
    }
    return KeyDigest(of: Array(text.utf8).span).hexadecimal(count: 16)
  }

  private func workers(_ file: Section) -> Int {
    let cores = reading.surroundings.cores
    return file.value("workers", cores, wanted: "auto, or a number from 1 to 1024") { text in
      if text == "auto" { return cores }
      return ScalarFormat.count(text).flatMap { (1...1024).contains($0) ? $0 : nil }
    }
  }

  private func sortedFaults() -> [Fault] {
    var ranks: [ObjectIdentifier: Int] = [:]
    for (rank, file) in files.enumerated() { ranks[ObjectIdentifier(file.source)] = rank }
    func rank(_ fault: Fault) -> Int { ranks[ObjectIdentifier(fault.source)] ?? 0 }
    return reading.faults.enumerated().sorted { left, right in
      (rank(left.element), left.element.line, left.element.column, left.offset)
        < (rank(right.element), right.element.line, right.element.column, right.offset)
    }.map(\.element)
  }

  // MARK: Files

  /// Accounts are read at once, for there may be many: what one file was made into is gone before
  /// the next one is. What names them waits until all are known.
  private mutating func collect(_ file: Section) {
    accountsReader.read(file.entries("accounts"))
    projects += file.entries("api_keys")
    routes += file.entries("routes")
  }

  /// The faults of a file that another includes stand at the `include` where it cannot be read.
  private mutating func load(_ path: String, includedAt node: YAMLNode?) -> YAMLNode? {
    let contents: BoundedFile.Contents
    do {
      contents = try BoundedFile.read(path, bytesMax: Self.fileBytesMax)
    } catch {
      let place = node ?? Self.start(of: SourceText(path: path, text: ""))
      let reason =
        error == .tooLarge
        ? "is larger than \(ScalarFormat.text(bytes: Self.fileBytesMax))" : error.reason
      let subject = node == nil ? "the file" : "`\(path)`"
      reading.error(place, "\(subject) \(reason)")
      return nil
    }
    let source = SourceText(path: path, text: contents.text)
    files.append((source, contents.isShared))
    var document = YAMLDocument(source: source)
    let root = document.read()
    reading.add(document.faults)
    guard let root else { return nil }
    if root.isAbsent {
      reading.error(root, "the file is empty")
      return nil
    }
    SecretLines.mark(root)
    return root
  }

  private mutating func include(_ node: YAMLNode) {
    guard let pattern = reading.text(node) else { return }
    let paths = Self.paths(matching: node.source.resolved(pattern))
    if paths.isEmpty {
      if Glob.isPattern(pattern) {
        reading.warn(node, "no file matches this pattern")
      } else {
        reading.error(node, "`\(node.source.resolved(pattern))` does not exist")
      }
    }
    for path in paths {
      if files.contains(where: { $0.source.path == path }) {
        reading.error(node, "`\(path)` is included twice")
        continue
      }
      if files.count >= Self.filesMax {
        reading.error(node, "more than \(Self.filesMax) files")
        return
      }
      guard let root = load(path, includedAt: node),
        let file = Section(
          root, name: "an included file", keys: Keys.includedFile, reading: reading)
      else { continue }
      collect(file)
    }
  }

  /// In alphabetical order, whatever the locale.
  private static func paths(matching pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, GLOB_NOSORT, nil, &result) == 0 else { return [] }
    var paths: [String] = []
    for index in 0..<Int(result.gl_pathc) {
      if let path = result.gl_pathv[index] { paths.append(String(cString: path)) }
    }
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func start(of source: SourceText) -> YAMLNode {
    YAMLNode(content: .scalar("", isPlain: true), source: source, line: 1, column: 1)
  }

  // MARK: Warnings

  private func warn(_ listen: ListenReader, _ routes: RoutesReader) {
    var isExposed = false
    for (index, listener) in listen.listeners.enumerated() where !listener.address.isLoopback {
      isExposed = true
      guard listen.places.indices.contains(index) else { continue }
      reading.warn(
        listen.places[index], "API keys cross the network in plain to \(listener.address)",
        help: "listen on loopback behind something that speaks TLS")
    }
    if isExposed {
      for node in routes.openRoutes {
        reading.warn(
          node, "whoever reaches this machine may use this route without an API key",
          help: "listen on loopback alone, or write `api_key: required`")
      }
    }
    for node in reading.literalSecrets
    where files.contains(where: { $0.source === node.source && $0.isShared }) {
      reading.warn(
        node, "the file holds secrets and may be read by other users",
        help: "chmod 600, or write ${env:NAME} or ${file:PATH}")
    }
    reading.warnOfLaterKeys()
  }
}
