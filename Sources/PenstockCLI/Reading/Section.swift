/// A mapping of known keys, and the ways to read what stands under them. Whatever is wrong becomes
/// a fault, and the default stands in so that reading goes on.
struct Section {
  let node: YAMLNode
  /// As messages call it.
  let name: String
  let reading: Reading
  private var values: [String: YAMLNode] = [:]
  private var places: [String: YAMLNode] = [:]
  /// Known keys that an unknown one most likely means; they are not missing as well.
  private var suggested: Set<String> = []

  /// Nil, and a fault, for what is no mapping; a fault for each key that is not among the given.
  init?(_ node: YAMLNode, name: String, keys: [String], reading: Reading) {
    self.node = node
    self.name = name
    self.reading = reading
    if node.isAbsent { return }
    guard case .mapping(let pairs) = node.content else {
      reading.error(
        node, "\(node.kind) where \(name) belongs",
        help: "its keys are: \(keys.joined(separator: ", "))")
      return nil
    }
    for pair in pairs where !pair.isRepeated {
      guard let key = pair.key.text else {
        reading.error(pair.key, "\(pair.key.kind) where a key belongs")
        continue
      }
      guard keys.contains(key) else {
        reportUnknown(pair.key, named: key, keys: keys)
        continue
      }
      values[key] = pair.value
      places[key] = pair.key
    }
  }

  private mutating func reportUnknown(_ node: YAMLNode, named key: String, keys: [String]) {
    if let colon = key.firstIndex(of: ":"), keys.contains(String(key[..<colon])) {
      let name = key[..<colon]
      suggested.insert(String(name))
      reading.error(node, "`\(name):` without a space behind it", help: "write `\(name): …`")
      return
    }
    let nearest = NearestName.of(key, among: keys)
    if let nearest { suggested.insert(nearest) }
    reading.error(
      node, node.isHiddenKey ? "an unknown key in \(name)" : "unknown key `\(key)` in \(name)",
      help: nearest.map { "did you mean `\($0)`?" }
        ?? "its keys are: \(keys.joined(separator: ", "))")
  }

  // MARK: Values

  subscript(key: String) -> YAMLNode? { values[key] }

  /// Whether the key is not given, nor most likely meant by an unknown one.
  func isMissing(_ key: String) -> Bool { values[key] == nil && !suggested.contains(key) }

  /// Where the key itself stands; the section's own place for one that is not given.
  func place(of key: String) -> YAMLNode { places[key] ?? node }

  /// A fault where the key is missing.
  func required(_ key: String, help: String? = nil) -> YAMLNode? {
    if let value = values[key] { return value }
    if isMissing(key) {
      reading.error(node, "`\(key)` is missing from \(name)", help: help)
    }
    return nil
  }

  func text(_ key: String, isSecret: Bool = false) -> String? {
    values[key].flatMap { reading.text($0, isSecret: isSecret) }
  }

  func requiredText(_ key: String, isSecret: Bool = false, help: String? = nil) -> String? {
    required(key, help: help).flatMap { reading.text($0, isSecret: isSecret) }
  }

  /// Under a key that takes a list; one value alone counts as a list of itself.
  func items(_ key: String) -> [YAMLNode] {
    values[key].map(reading.items) ?? []
  }

  /// Under a key that takes a list of mappings, where one alone is most likely a mistake.
  func entries(_ key: String) -> [YAMLNode] {
    guard let value = values[key], !value.isAbsent else { return [] }
    if case .list(let items) = value.content { return items }
    reading.error(
      value, "\(value.kind) where a list belongs", help: "begin each entry of `\(key)` with `-`")
    return []
  }

  func section(_ key: String, keys: [String]) -> Section? {
    values[key].flatMap { Section($0, name: "`\(key)`", keys: keys, reading: reading) }
  }

  // MARK: Typed values

  func count(_ key: String, _ fallback: Int, in range: ClosedRange<Int>) -> Int {
    let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return value(key, fallback, wanted: wanted) { text in
      ScalarFormat.count(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func bytes(_ key: String, _ fallback: Int, in range: ClosedRange<Int>) -> Int {
    let lower = ScalarFormat.text(bytes: range.lowerBound)
    let upper = ScalarFormat.text(bytes: range.upperBound)
    let wanted = "a size from \(lower) to \(upper), in bytes or with KiB, MiB or GiB"
    return value(key, fallback, wanted: wanted) { text in
      ScalarFormat.bytes(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func milliseconds(_ key: String, _ fallback: Int, in range: ClosedRange<Int>) -> Int {
    let lower = ScalarFormat.text(milliseconds: range.lowerBound)
    let upper = ScalarFormat.text(milliseconds: range.upperBound)
    let wanted = "a duration from \(lower) to \(upper), with us, ms, s, m or h"
    return value(key, fallback, wanted: wanted) { text in
      ScalarFormat.milliseconds(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func flag(_ key: String, _ fallback: Bool) -> Bool {
    value(key, fallback, wanted: "true or false", parse: ScalarFormat.flag)
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ fallback: Choice
  ) -> Choice where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    return value(key, fallback, wanted: "one of: \(names)", parse: Choice.init(rawValue:))
  }

  func value<Value>(
    _ key: String, _ fallback: Value, wanted: String, parse: (String) -> Value?
  ) -> Value {
    guard let node = values[key], let text = reading.text(node) else { return fallback }
    if let value = parse(text) { return value }
    let written = (node.text ?? "").prefix(60)
    reading.error(node, "`\(key)` cannot be `\(written)`", help: "write \(wanted)")
    return fallback
  }
}
