import Upstream

/// Which addresses beside the public internet an account's hosts may turn out to have.
public enum AllowPrivate: Sendable, Equatable {
  case no
  /// All but the link-local ones, where cloud metadata lives.
  case yes
  case blocks([AddressBlock])
}
