import Wire

/// The rules of the caller's project and of the account: asked before anything of a credential is
/// touched.
extension Exchange {
  /// Whether the rules let a request pass; what they say is kept for the log and the counts.
  /// `path`: of `target`, as `RuleJudge` takes it.
  func areRulesMet(
    _ method: Span<UInt8>, _ target: Span<UInt8>, _ path: Slice?, _ account: Account
  ) -> Bool {
    let project = record.project < 0 ? nil : worker.configuration.projects[record.project].rules
    if project == nil, account.rules == nil { return true }
    let verdicts = worker.ruleJudge.judge(
      method, target, path, project: project, account: account.rules)
    record.rules = verdicts
    return verdicts.both != .denied
  }

  /// The same for the request within an envelope.
  func checkRules(
    _ request: borrowing ExecuteRequest, _ account: Account, _ resolved: EndpointResolver.Resolved
  ) throws(PenstockError) {
    let path = resolved.rulePath(in: request.endpoint, account.base)
    if !areRulesMet(request.method.bytes, request.endpoint, path, account) { throw .ruleDenied }
  }
}
