import EventLoop
import Upstream
import Wire

/// What would become of a request, decided as the execute endpoint decides it, and not sent.
///
/// Names only: of a credential there is its slot, and how many bytes it has.
public struct Explanation: Sendable {
  /// What is asked of a request, in the order in which it is told.
  public enum Question: String, Sendable, CaseIterable {
    case apiKey = "api_key"
    case account, endpoint
    case keyRules = "key_rules"
    case accountRules = "account_rules"
    case host, addresses, slots
  }

  public struct Step: Sendable {
    public let question: Question
    public let isPassed: Bool
    public let why: String
  }

  /// What would be sent.
  public struct Call: Sendable {
    public let account: Account
    /// What is asked for, the credential's value in it as its length.
    public let url: String
    /// The endpoint is a path below the base URL.
    public let isRelative: Bool
    /// Fields and query parameters that Penstock sets, by name.
    public let injected: [String]
    /// Of the whole exchange where the client names no time of its own.
    public let deadlineMilliseconds: Int
    public let isIdempotent: Bool
  }

  /// Every question that was asked; the one that was not passed among them.
  public let steps: [Step]
  /// What the request would be answered with; nil where it would be sent.
  public let refusal: PenstockError?
  /// Nil where it would be refused.
  public let call: Call?

  private struct Refusal: Error {
    let question: Question
    let error: PenstockError
    /// What led to it, where the error alone does not say.
    let reason: String?

    init(_ question: Question, _ error: PenstockError, _ reason: String? = nil) {
      self.question = question
      self.error = error
      self.reason = reason
    }

    var step: Step {
      Step(question: question, isPassed: false, why: reason ?? "\(error.row.message)")
    }
  }

  /// `account`: the id that the request names; nil for the project's default.
  public init(
    _ configuration: Configuration, project: Project, account id: String?, method: String,
    endpoint: String
  ) {
    let allowed = project.allows.count { $0 }
    var steps = [
      Step(
        question: .apiKey, isPassed: true,
        why: "\(project.name), for \(allowed) of \(project.allows.count) accounts")
    ]
    do throws(Refusal) {
      call = try Self.call(configuration, project, id, method, endpoint, &steps)
      refusal = nil
    } catch {
      steps.append(error.step)
      call = nil
      refusal = error.error
    }
    let order = Question.allCases
    self.steps = order.compactMap { question in steps.first { $0.question == question } }
  }

  /// Asks in the order in which the server does, so that the refusal is the server's.
  private static func call(
    _ configuration: Configuration, _ project: Project, _ id: String?, _ name: String,
    _ endpoint: String, _ steps: inout [Step]
  ) throws(Refusal) -> Call {
    func pass(_ question: Question, _ why: String) {
      steps.append(Step(question: question, isPassed: true, why: why))
    }
    guard let method = ExecuteMethod.allCases.first(where: { "\($0.name)" == name }) else {
      throw Refusal(.endpoint, .invalidMethod)
    }
    let account = try Self.account(configuration, project, id)
    pass(.account, account.id + (id == nil ? ", the key's default_account" : ""))
    let bytes = Array(endpoint.utf8)
    let resolved = try resolve(bytes, for: account, configuration)
    pass(.endpoint, resolved.isRelative ? "a path below the base_url" : "an absolute URL")
    pass(.host, hostDecision(resolved, account))
    let path = rulePath(resolved, bytes, account)
    for (question, rules) in [(.keyRules, project.rules), (.accountRules, account.rules)]
      as [(Question, RuleList?)]
    {
      let (verdict, why) = judge(rules, method, path)
      if verdict == .denied { throw Refusal(question, .ruleDenied, why) }
      pass(question, why)
    }
    try checkSlots(bytes, account)
    pass(.slots, "the query names none that the account fills")
    pass(.addresses, try addresses(resolved, account, configuration))
    let target = String(decoding: bytes[resolved.target.range], as: UTF8.self)
    return Call(
      account: account, url: url(account, resolved, target), isRelative: resolved.isRelative,
      injected: injected(account),
      deadlineMilliseconds: ExecuteDeadline().milliseconds(
        configured: account.timeouts.totalMilliseconds,
        margin: configuration.execute.deadlineMarginMilliseconds),
      isIdempotent: method.isIdempotent)
  }

  // MARK: The account

  private static func account(
    _ configuration: Configuration, _ project: Project, _ id: String?
  ) throws(Refusal) -> Account {
    let index: Int?
    if let id {
      index = configuration.accounts.first { $0.id == id }?.index
      if index == nil { throw Refusal(.account, .accountNotFound, "no account has this id") }
    } else {
      index = project.defaultAccount
    }
    guard let index else {
      throw Refusal(
        .account, .missingAuthContext, "none is named, and the key has no default_account")
    }
    if !project.allows[index] {
      throw Refusal(
        .account, .accountNotFound, "the accounts of \(project.name) do not include it")
    }
    let account = configuration.accounts[index]
    if account.disabled { throw Refusal(.account, .accountDisabled) }
    return account
  }

  // MARK: The destination

  private static func resolve(
    _ endpoint: [UInt8], for account: Account, _ configuration: Configuration
  ) throws(Refusal) -> EndpointResolver.Resolved {
    var resolver = EndpointResolver(endpointBytesMax: configuration.limits.endpointBytes)
    do throws(PenstockError) {
      return try resolver.resolve(endpoint.span, for: account)
    } catch {
      if error != .originMismatch { throw Refusal(.endpoint, error) }
      throw Refusal(.host, error, Self.mismatch(endpoint, account, &resolver))
    }
  }

  private static func checkSlots(_ endpoint: [UInt8], _ account: Account) throws(Refusal) {
    guard let slot = account.credential.query else { return }
    let name = Array(slot.name.utf8)
    if EndpointText.queryNames(endpoint.span, contain: name.span) {
      throw Refusal(
        .slots, .reservedParameter, "the query names \(slot.name), which the account fills")
    }
  }

  /// Why no rule lets an endpoint pass: what it names is read once more for an account that may go
  /// everywhere.
  private static func mismatch(
    _ endpoint: [UInt8], _ account: Account, _ resolver: inout EndpointResolver
  ) -> String? {
    let everywhere = [true, false].map { HostRule(kind: .any, host: "", isTLS: $0) }
    let stranger = Account(index: 0, id: "", base: account.base, allowedHosts: everywhere)
    guard let origin = try? resolver.resolve(endpoint.span, for: stranger).origin else {
      return nil
    }
    if account.allowedHosts.contains(where: { $0.permits(origin, isProxied: false) }) {
      return "through a proxy only hosts that are written out are allowed"
    }
    let own = HostRule(
      kind: .exact, host: account.base.host, port: account.base.port, isTLS: account.base.isTLS)
    for rule in [own] + account.allowedHosts {
      let port = rule.port ?? BaseURL.defaultPort(isTLS: rule.isTLS ?? true)
      let allowed = Origin(isTLS: rule.isTLS ?? true, host: origin.host, port: port)
      guard rule.permits(allowed, isProxied: account.proxy != nil) else { continue }
      return "\(origin.host) is allowed as \(Self.text(allowed)), not as \(Self.text(origin))"
    }
    return "\(origin.host) is neither the base_url's host nor one of allowed_hosts"
  }

  private static func hostDecision(
    _ resolved: EndpointResolver.Resolved, _ account: Account
  ) -> String {
    if resolved.isBase { return "the base_url's own" }
    let rule = account.allowedHosts.first {
      $0.permits(resolved.origin, isProxied: account.proxy != nil)
    }
    return rule.map { "allowed by \(Self.text($0))" } ?? "allowed"
  }

  /// Errors: the address that is written out is one that would not be dialled.
  private static func addresses(
    _ resolved: EndpointResolver.Resolved, _ account: Account, _ configuration: Configuration
  ) throws(Refusal) -> String {
    if account.proxy != nil { return "chosen by the proxy" }
    let settings = PoolSettings(
      account, configuration, isBase: resolved.isBase, tls: nil, ownListeners: [])
    let origin = resolved.origin
    let literal =
      SocketAddress.ipv4Bytes(origin.host).map { SocketAddress.ipv4($0, port: origin.port) }
      ?? SocketAddress.ipv6Bytes(origin.host).map { SocketAddress.ipv6($0, port: origin.port) }
    if let literal, !settings.policy.permits(literal) {
      throw Refusal(.addresses, .destinationNotAllowed)
    }
    switch settings.policy.privateAccess {
    case .none: return "public ones"
    case .all: return "public and private ones"
    case .blocks: return "public ones, and the blocks of allow_private"
    }
  }

  // MARK: What is sent

  private static func url(
    _ account: Account, _ resolved: EndpointResolver.Resolved, _ target: String
  ) -> String {
    var url = text(resolved.origin)
    if resolved.isRelative { url += String(decoding: account.base.path, as: UTF8.self) }
    if target.isEmpty || target.hasPrefix("?") { url += "/" }
    url += target
    guard let slot = account.credential.query, let value = account.credential.values.first else {
      return url
    }
    if let mark = EndpointText.nextQueryMark(Array(target.utf8).span) {
      url += String(UnicodeScalar(mark))
    }
    let name = QuerySlot.encoded(Array(slot.name.utf8))
    return url + String(decoding: name, as: UTF8.self) + "=\(value)"
  }

  private static func injected(_ account: Account) -> [String] {
    var names = ["via", "x-request-id"]
    if account.trace { names.append("traceparent") }
    names += account.headers.map { $0.name.lowercased() }
    names += account.credential.headerLines.map(\.name)
    if let slot = account.credential.query { names.append("query parameter \(slot.name)") }
    return names
  }

  private static func text(_ origin: Origin) -> String {
    let base = BaseURL(isTLS: origin.isTLS, host: origin.host, port: origin.port)
    return "\(origin.isTLS ? "https" : "http")://"
      + String(decoding: base.hostHeader, as: UTF8.self)
  }

  private static func text(_ rule: HostRule) -> String {
    let scheme = rule.isTLS.map { $0 ? "https://" : "http://" } ?? ""
    let host = rule.host.contains(":") ? "[\(rule.host)]" : rule.host
    let name =
      switch rule.kind {
      case .exact: host
      case .suffix: "*.\(host)"
      case .any: "*"
      }
    return scheme + name + (rule.port.map { ":\($0)" } ?? "")
  }
}
