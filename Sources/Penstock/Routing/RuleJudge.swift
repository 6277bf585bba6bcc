import Wire

/// Whether the rules of a project and of an account allow a request. Both must.
///
/// Asked before a credential is touched. One a worker; it keeps its memory between requests.
struct RuleJudge: ~Copyable {
  /// What each of the two lists says.
  struct Verdicts {
    let project: RuleList.Verdict
    let account: RuleList.Verdict

    /// The harder one.
    var both: RuleList.Verdict { project.rawValue > account.rawValue ? project : account }
  }

  private var normalized = ByteBuffer()

  /// `path`: of `target`, as it is sent, from its slash on, without its query and below the base
  /// URL; nil for one beside it. It must have passed `PathRule`.
  mutating func judge(
    _ method: Span<UInt8>, _ target: Span<UInt8>, _ path: Slice?, project: RuleList?,
    account: RuleList?
  ) -> Verdicts {
    normalized.removeAll()
    if let path {
      if path.isEmpty { normalized.append(0x2f) }
      // Of what is no encoding nothing can be said.
      if !PathGlob.normalize(target[path], into: &normalized) { normalized.removeAll() }
    }
    return Self.judge(method, normalized, project: project, account: account)
  }

  private static func judge(
    _ method: Span<UInt8>, _ path: borrowing ByteBuffer, project: RuleList?, account: RuleList?
  ) -> Verdicts {
    Verdicts(
      project: project?.judge(method, path.span).verdict ?? .allowed,
      account: account?.judge(method, path.span).verdict ?? .allowed)
  }
}

extension EndpointResolver.Resolved {
  /// What rules are asked about, of the endpoint's path: all of it on another host than the base
  /// URL's, there what is below the base URL; nil for what is beside it.
  func rulePath(in endpoint: Span<UInt8>, _ base: BaseURL) -> Slice? {
    let bytes = endpoint[target]
    let end = bytes.index(of: 0x3f, from: 0) ?? bytes.count
    let start = Int(target.start)
    if isRelative || !isBase { return Slice(start: start, count: end) }
    let path = base.path
    let count = path.count
    guard count <= end, bytes.extracting(0..<count).equals(path.span),
      count == end || bytes[count] == 0x2f
    else { return nil }
    return Slice(start: start + count, count: end - count)
  }
}
