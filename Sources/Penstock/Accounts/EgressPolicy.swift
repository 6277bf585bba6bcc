import Upstream

/// Whether an account's secret may travel to an origin. Asked before any credential is computed.
enum EgressPolicy {
  enum Verdict {
    /// The account's own base URL.
    case base
    /// Another origin, which the account's `allowed_hosts` name.
    case allowed
    case denied
  }

  static func judge(_ origin: Origin, for account: Account) -> Verdict {
    let base = account.base
    if origin.isTLS == base.isTLS, origin.host == base.host, origin.port == base.port {
      return .base
    }
    for rule in account.allowedHosts where rule.permits(origin, isProxied: account.proxy != nil) {
      return .allowed
    }
    return .denied
  }
}

extension HostRule {
  /// A proxy resolves names itself, so that no address can be checked: then only a host that is
  /// written out will do.
  func permits(_ origin: Origin, isProxied: Bool) -> Bool {
    if origin.isTLS != (isTLS ?? true) { return false }
    switch kind {
    case .exact:
      return origin.host == host
        && origin.port == (port ?? BaseURL.defaultPort(isTLS: origin.isTLS))
    case .suffix:
      return !isProxied && origin.host.hasSuffix("." + host)
        && origin.port == (port ?? BaseURL.defaultPort(isTLS: origin.isTLS))
    case .any: return !isProxied && port.map { $0 == origin.port } ?? true
    }
  }
}
