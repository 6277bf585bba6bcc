/// A toolkit's name and the account that answers for it.
public struct Toolkit: Sendable, Equatable {
  /// Compared without regard to the case of its letters.
  public let name: String
  let nameBytes: [UInt8]
  /// Index of the account.
  public let account: Int

  public init(name: String, account: Int) {
    self.name = name
    nameBytes = Array(name.utf8)
    self.account = account
  }
}
