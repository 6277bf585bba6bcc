/// What limits how many requests go upstream, for all workers together.
struct Gates: Sendable {
  /// Of the whole process.
  let inFlight = SharedCount()
  /// By project; nil for those without a rate.
  let buckets: [TokenBucket?]
  /// By account; empty where none has a limit.
  private let accounts: [AccountGate?]

  init(_ configuration: Configuration) {
    buckets = configuration.projects.map { TokenBucket($0.rate) }
    let gates = configuration.accounts.map { AccountGate($0) }
    accounts = gates.contains { $0 != nil } ? gates : []
  }

  func ofAccount(_ index: Int) -> AccountGate? { accounts.isEmpty ? nil : accounts[index] }
}
