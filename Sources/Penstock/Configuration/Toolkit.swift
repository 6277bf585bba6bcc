/// A toolkit's name and the account that answers for it.
public struct Toolkit: Sendable, Equatable {
  public let name: String
  /// Index of the account.
  public let account: Int

  public init(name: String, account: Int) {
    self.name = name
    self.account = account
  }
}
