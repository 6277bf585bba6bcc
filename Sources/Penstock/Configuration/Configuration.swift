import Upstream

/// The whole configuration, validated: whoever holds one can serve by it without further checks.
///
/// Immutable, so that all workers share it; a reload swaps it whole, and an exchange keeps the one
/// with which it began. References between parts are indexes into its arrays.
public final class Configuration: Sendable {
  public let listeners: [Listener]
  /// Nil turns the admin plane off.
  public let admin: ListenAddress?
  public let metrics: MetricsConfiguration
  /// Event loops, at least 1.
  public let workers: Int
  /// Peers whose forwarding fields name the client of the log.
  public let trustedProxies: [AddressBlock]
  public let projects: [Project]
  public let accounts: [Account]
  /// In the order in which they are asked: those with a host first, then the longest prefix.
  public let routes: [Route]
  public let execute: ExecuteConfiguration
  public let idempotency: IdempotencyConfiguration
  public let files: FilesConfiguration
  public let log: LogConfiguration
  public let limits: Limits
  public let timeouts: Timeouts
  /// Tells two configurations apart, without telling of their secrets; empty where it was not read
  /// from a file.
  public let digest: String
  /// What an operator should know and nothing refuses; each is one sentence.
  public let warnings: [String]
  /// Knows the secrets of all this, so that the log shows none.
  public let secrets: SecretMatcher

  /// `digested`: the secrets of which the parts hold a digest only.
  public init(
    listeners: [Listener], admin: ListenAddress? = nil, metrics: MetricsConfiguration = .init(),
    workers: Int = 1, trustedProxies: [AddressBlock] = [], projects: [Project] = [],
    accounts: [Account] = [], routes: [Route] = [], execute: ExecuteConfiguration = .init(),
    idempotency: IdempotencyConfiguration = .init(), files: FilesConfiguration = .init(),
    log: LogConfiguration = .init(), limits: Limits = .init(), timeouts: Timeouts = .init(),
    digest: String = "", warnings: [String] = [], digested: [NamedSecret] = []
  ) {
    precondition(workers > 0)
    precondition(accounts.indices.allSatisfy { accounts[$0].index == $0 })
    precondition(projects.indices.allSatisfy { projects[$0].index == $0 })
    precondition(routes.allSatisfy { accounts.indices.contains($0.account) })
    precondition(projects.allSatisfy { $0.allows.count == accounts.count })
    self.listeners = listeners
    self.admin = admin
    self.metrics = metrics
    self.workers = workers
    self.trustedProxies = trustedProxies
    self.projects = projects
    self.accounts = accounts
    self.routes = Self.inOrder(routes)
    self.execute = execute
    self.idempotency = idempotency
    self.files = files
    self.log = log
    self.limits = limits
    self.timeouts = timeouts
    self.digest = digest
    self.warnings = warnings
    secrets = SecretMatcher(accounts, digested)
  }

  /// Equal routes keep the order of the file.
  private static func inOrder(_ routes: [Route]) -> [Route] {
    routes.enumerated().sorted { left, right in
      if left.element.precedes(right.element) { return true }
      if right.element.precedes(left.element) { return false }
      return left.offset < right.offset
    }.map(\.element)
  }
}
