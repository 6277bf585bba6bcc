import Penstock

/// Reads what accounts, projects and routes share: rates, rules, compression.
struct TrafficReader {
  let reading: Reading

  private static let anyCount = 0...1_000_000_000

  func rate(_ section: Section) -> RateLimit {
    guard let rate = section.section("rate", keys: Keys.rate) else { return .none }
    let perSecond = rate.count("per_second", 0, in: Self.anyCount)
    let burst = rate.count("burst", max(1, perSecond), in: 1...1_000_000_000)
    return RateLimit(perSecond: perSecond, burst: burst, observe: rate.flag("observe", false))
  }

  func breaker(_ section: Section) -> Breaker {
    guard let breaker = section.section("breaker", keys: Keys.breaker) else { return Breaker() }
    let fallback = Breaker()
    return Breaker(
      failures: breaker.count("failures", fallback.failures, in: 0...1_000_000),
      openMilliseconds: breaker.milliseconds(
        "open", fallback.openMilliseconds, in: 1...86_400_000))
  }

  /// Nil where the key is not given, which is not the same as an empty list: that denies all.
  func rules(_ section: Section) -> RuleList? {
    guard let node = section["rules"], !node.isAbsent else { return nil }
    let entries = section.entries("rules")
    if case .list(let items) = node.content, items.isEmpty {
      reading.warn(
        node, "an empty list of rules denies every request",
        help: "remove the key to allow everything")
    }
    return RuleList(
      entries.compactMap { item in
        Section(item, name: "a rule", keys: Keys.rule, reading: reading).map(rule)
      })
  }

  private func rule(_ section: Section) -> Rule {
    var methods: [String] = []
    for item in section.items("methods") {
      guard let method = reading.text(item) else { continue }
      if FieldSyntax.isToken(method), method == method.uppercased(), !Glob.isPattern(method) {
        methods.append(method)
      } else {
        reading.error(
          item, "this is no method",
          help: "write it in capitals, as in GET; without `methods` any is meant")
      }
    }
    var paths: [PathGlob] = []
    for item in section.items("paths") {
      guard let path = reading.text(item) else { continue }
      do throws(PathGlob.Fault) {
        paths.append(try PathGlob(parsing: path))
      } catch {
        let (what, help) = Self.words(for: error)
        reading.error(item, what, help: help)
      }
    }
    refuseNone(section, "methods")
    refuseNone(section, "paths")
    return Rule(methods: methods, paths: paths, observe: section.flag("observe", false))
  }

  /// An empty list could be taken for none at all, where it means any.
  private func refuseNone(_ section: Section, _ key: String) {
    if let node = section[key], case .list(let items) = node.content, items.isEmpty {
      reading.error(node, "`\(key)` is empty", help: "remove the key where any are meant")
    }
  }

  private static func words(for fault: PathGlob.Fault) -> (what: String, help: String) {
    switch fault {
    case .noSlash: ("this is no path", "begin it with `/`, as in /repos/*")
    case .character:
      (
        "a rule's path holds a character that no path does",
        "rules see no query; write `?` and `#` of a path as %3F and %23"
      )
    case .escape: ("a `%` that two digits do not follow", "write a percent sign as %25")
    case .dotSegment:
      ("a rule's path holds a dot segment", "such requests are refused in any case: remove it")
    case .emptySegment: ("a rule's path holds an empty segment", "write one slash")
    case .stars:
      ("`**` is not a segment of its own", "write it as in /repos/**/issues, or write one `*`")
    }
  }

  /// Nil where the key is not given.
  func compression(_ section: Section) -> Compression? {
    guard let node = section["compression"] else { return nil }
    return node.text == nil ? customCompression(section) : namedCompression(section)
  }

  private func namedCompression(_ section: Section) -> Compression {
    let wanted = "auto, off or {types: […], min_bytes: …, level: …}"
    return section.value("compression", .auto, wanted: wanted) { text in
      switch text {
      case "auto": .auto
      case "off": .off
      default: nil
      }
    }
  }

  private func customCompression(_ section: Section) -> Compression {
    guard let custom = section.section("compression", keys: Keys.compression) else { return .auto }
    var types: [String] = []
    for item in custom.items("types") {
      guard let type = reading.text(item) else { continue }
      if type.contains("/"), !type.contains(" "), !FieldSyntax.hasControl(type) {
        types.append(type)
      } else {
        reading.error(item, "this is no media type", help: "write it as in application/json")
      }
    }
    return .custom(
      types: types.isEmpty ? Compression.defaultTypes : types,
      bytesMin: custom.bytes("min_bytes", Compression.defaultBytesMin, in: 0...1 << 30),
      level: custom.count("level", Compression.defaultLevel, in: 1...9))
  }
}
