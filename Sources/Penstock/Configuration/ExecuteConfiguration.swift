import Upstream
import Wire

/// The execute endpoint's own settings.
public struct ExecuteConfiguration: Sendable {
  /// Who may still call the older path, `/api/v3/…`.
  public enum V3Access: String, Sendable, CaseIterable {
    case retired, allowlist, open
  }

  public let v3: V3Access
  /// Indexes of the projects that `V3Access.allowlist` lets in.
  public let v3Allowlist: [Int]
  public let toolkits: [Toolkit]
  public let customConnectionData: Bool
  /// Addresses that `binary_body.url` may reach beside the public internet.
  public let binaryURLAllow: [AddressBlock]
  /// How long before the client's own deadline its answer is due.
  public let deadlineMarginMilliseconds: Int

  public init(
    v3: V3Access = .retired, v3Allowlist: [Int] = [], toolkits: [Toolkit] = [],
    customConnectionData: Bool = false, binaryURLAllow: [AddressBlock] = [],
    deadlineMarginMilliseconds: Int = 3000
  ) {
    self.v3 = v3
    self.v3Allowlist = v3Allowlist
    self.toolkits = toolkits
    self.customConnectionData = customConnectionData
    self.binaryURLAllow = binaryURLAllow
    self.deadlineMarginMilliseconds = deadlineMarginMilliseconds
  }

  /// The index of the account that answers for a toolkit; nil where there is none of that name.
  func account(ofToolkit slug: Span<UInt8>) -> Int? {
    for toolkit in toolkits where slug.equalsIgnoringCase(toolkit.nameBytes.span) {
      return toolkit.account
    }
    return nil
  }
}
