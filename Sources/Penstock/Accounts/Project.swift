/// Who calls: the owner of API keys, and the accounts that they may use.
public final class Project: Sendable {
  /// Its place in `Configuration.projects`.
  public let index: Int
  /// The label of logs and metrics.
  public let name: String
  let nameBytes: [UInt8]
  /// One digest a key; several while keys are rotated.
  public let keyDigests: [KeyDigest]
  /// By account index: whether this project may use the account.
  public let allows: [Bool]
  /// Index of the account of requests that name none.
  public let defaultAccount: Int?
  public let rate: RateLimit
  /// Nil: everything is allowed.
  public let rules: RuleList?

  public init(
    index: Int, name: String, keyDigests: [KeyDigest], allows: [Bool],
    defaultAccount: Int? = nil, rate: RateLimit = .none, rules: RuleList? = nil
  ) {
    self.index = index
    self.name = name
    nameBytes = Array(name.utf8)
    self.keyDigests = keyDigests
    self.allows = allows
    self.defaultAccount = defaultAccount
    self.rate = rate
    self.rules = rules
  }
}
