import Wire

/// Why an account needs somebody to look at it, the worst first.
enum Trouble: CaseIterable {
  case internalErrors, upstreamFailing, credentialRefused, throttled, disabled, quotaLow

  /// As `/status.json` has it.
  var slug: StaticString {
    switch self {
    case .internalErrors: "internal_errors"
    case .upstreamFailing: "upstream_failing"
    case .credentialRefused: "credential_refused"
    case .throttled: "throttled"
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
    case .disabled: "It is switched off, and is called"
    case .quotaLow: "Less than a tenth of its quota is left"
    }
  }

  /// The worst of what holds; nil where all is well. `recent`: what was counted in the last minute.
  ///
  /// The shares are those of the alerts in `dashboards/rules.yaml`; below a few failures none is a
  /// share.
  static func judge(_ recent: StatusFigures, _ quota: Quota, nowUnixSeconds: Int) -> Trouble? {
    func isMuch(_ count: UInt64) -> Bool { count >= 3 && count * 10 > recent.requests }
    if recent.internalErrors > 0 { return .internalErrors }
    if isMuch(recent.failedUpstream) { return .upstreamFailing }
    if isMuch(recent.unauthorized) { return .credentialRefused }
    if isMuch(recent.throttled) || quota.retryUnixSeconds ?? 0 > nowUnixSeconds {
      return .throttled
    }
    if recent.disabled > 0 { return .disabled }
    if let limit = quota.limit, let remaining = quota.remaining, remaining * 10 < limit,
      quota.resetUnixSeconds ?? Int.max > nowUnixSeconds
    {
      return .quotaLow
    }
    return nil
  }
}
