@testable import Penstock

extension Account {
  /// An account at `base`, with what a test cares about.
  static func at(
    _ base: String, index: Int = 0, id: String = "ca_test", disabled: Bool = false,
    allowedHosts: [String] = [], credential: Credential = .none, headers: [AccountHeader] = [],
    proxy: String? = nil, compression: Compression = .auto, requestDecompression: Bool = false,
    requestCompression: Bool = false
  ) throws -> Account {
    Account(
      index: index, id: id, disabled: disabled, base: try BaseURL(parsing: base),
      allowedHosts: allowedHosts.compactMap(HostRule.init(parsing:)), credential: credential,
      headers: headers, proxy: proxy, compression: compression,
      requestDecompression: requestDecompression, requestCompression: requestCompression)
  }
}
