import Wire

/// What rules say of a request, rule by rule, in words.
extension Explanation {
  /// The path as rules see it, in the form in which it is compared; empty for one that no glob can
  /// name.
  static func rulePath(
    _ resolved: EndpointResolver.Resolved, _ endpoint: [UInt8], _ account: Account
  ) -> [UInt8] {
    guard let path = resolved.rulePath(in: endpoint.span, account.base) else { return [] }
    var normalized = ByteBuffer()
    guard PathGlob.normalize(endpoint.span[path], into: &normalized) else { return [] }
    return normalized.isEmpty ? [0x2f] : Array(normalized)
  }

  static func judge(
    _ list: RuleList?, _ method: ExecuteMethod, _ path: [UInt8]
  ) -> (RuleList.Verdict, why: String) {
    guard let list else { return (.allowed, "none, so everything is allowed") }
    let count = list.rules.count
    let (verdict, place) = list.judge(method.bytes, path.span)
    if let place {
      let rule = "rule \(place + 1) of \(count)"
      let text = text(list.rules[place])
      return verdict == .allowed
        ? (verdict, "\(rule) allows it: \(text)")
        : (verdict, "\(rule) only observes it, or it would be denied: \(text)")
    }
    if count == 0 { return (verdict, "the list is empty, so everything is denied") }
    let misses = list.rules.enumerated().map { index, rule in
      "\(index + 1) (\(text(rule))) \(miss(of: rule, method, path))"
    }
    let all = misses.joined(separator: "; ")
    return verdict == .denied
      ? (verdict, "none of \(count) allows it: \(all)")
      : (verdict, "none of \(count) allows it, but all only observe: \(all)")
  }

  private static func text(_ rule: Rule) -> String {
    let methods = rule.methods.isEmpty ? "any method" : rule.methods.joined(separator: ", ")
    let paths = rule.paths.isEmpty ? "any path" : rule.paths.map(\.text).joined(separator: ", ")
    return "\(methods) on \(paths)"
  }

  private static func miss(of rule: Rule, _ method: ExecuteMethod, _ path: [UInt8]) -> String {
    if rule.allows(method.bytes) {
      return path.isEmpty ? "names no path beside the base_url" : "not this path"
    }
    return rule.names(path.span) ? "not this method" : "neither this method nor this path"
  }
}
