import Wire

/// Why an account needs somebody to look at it, the worst first.
enum Trouble: Int, CaseIterable {
  case internalErrors, upstreamFailing, credentialRefused, throttled, atLimit, disabled, quotaLow

  /// As `/status.json` has it.
  var slug: StaticString {
    switch self {
    case .internalErrors: "internal_errors"
    case .upstreamFailing: "upstream_failing"
    case .credentialRefused: "credential_refused"
    case .throttled: "throttled"
    case .atLimit: "at_limit"
    case .disabled: "disabled"
    case .quotaLow: "quota_low"
    }
  }

  /// In words for an operator.
  var text: StaticString {
    switch self {
    case .internalErrors: "Penstock itself fails its requests"
    case .upstreamFailing: "More than a tenth of its requests fail upstream"
    case .credentialRefused: "Its upstream answers 401: the credential may be wrong or revoked"
    case .throttled: "Its upstream answers 429, or asks not to be called"
    case .atLimit: "Penstock has no room for its requests: a limit, descriptors or the disk"
    case .disabled: "It is switched off, and is called"
    case .quotaLow: "Less than a tenth of its quota is left"
    }
  }

  /// Whether the account is in this trouble. `recent`: what was counted in the last minute.
  ///
  /// The shares are those of the alerts in `dashboards/rules.yaml`; a few failures are none, but
  /// where nothing else was asked.
  func holds(_ recent: StatusFigures, _ quota: Quota, nowUnixSeconds: Int) -> Bool {
    func isMuch(_ count: UInt64) -> Bool {
      count * 10 > recent.requests && (count >= 3 || count >= recent.requests)
    }
    switch self {
    case .internalErrors: return recent.faults > 0
    case .upstreamFailing: return isMuch(recent.failedUpstream)
    case .credentialRefused: return isMuch(recent.unauthorized)
    case .throttled:
      return isMuch(recent.throttled) || quota.retryUnixSeconds ?? 0 > nowUnixSeconds
    case .atLimit: return recent.lacks > 0
    case .disabled: return recent.disabled > 0
    case .quotaLow:
      guard let limit = quota.limit, let remaining = quota.remaining else { return false }
      return remaining * 10 < limit && quota.resetUnixSeconds ?? Int.max > nowUnixSeconds
    }
  }
}
