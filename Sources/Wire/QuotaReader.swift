/// Reads what a response says of quotas, field by field. Lenient, since no more than a gauge
/// depends on it.
struct QuotaReader {
  private let nowUnixSeconds: Int
  /// `X-RateLimit-…` and `X-Rate-Limit-…`.
  private var extended = QuotaColumns()
  /// `RateLimit-…`, as the draft's first versions had it.
  private var plain = QuotaColumns()
  /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
  private var items = QuotaItems()
  private var policies = QuotaItems()
  private var retryUnixSeconds: Int?

  init(nowUnixSeconds: Int) { self.nowUnixSeconds = nowUnixSeconds }

  mutating func take(_ field: Field, _ bytes: Span<UInt8>) {
    let value = bytes[field.value]
    switch field.known {
    case .retryAfter: retryUnixSeconds = retry(value) ?? retryUnixSeconds
    case .xRateLimitLimit: extended.limits.add(value)
    case .xRateLimitRemaining: extended.remainings.add(value)
    case .xRateLimitReset: extended.resets.add(value)
    case .rateLimitLimit: plain.limits.add(value)
    case .rateLimitRemaining: plain.remainings.add(value)
    case .rateLimitReset: plain.resets.add(value)
    case .rateLimit: items.add(field.value, bytes)
    case .rateLimitPolicy: policies.add(field.value, bytes)
    default: break
    }
  }

  /// Of all quotas the one of which the smallest share is left.
  func nearest(_ bytes: Span<UInt8>) -> Quota {
    var nearest = Quota()
    for index in extended.indices {
      consider(extended[index], &nearest)
      consider(plain[index], &nearest)
    }
    for index in 0..<items.count {
      var quota = items[index]
      if quota.limit == nil { quota.limit = policies.limit(of: items.name(index), bytes) }
      consider(quota, &nearest)
    }
    // Without a word on what is left, a policy still says what there is.
    if !nearest.isSaid, policies.count > 0 { consider(policies[0], &nearest) }
    nearest.retryUnixSeconds = retryUnixSeconds
    return nearest
  }

  /// `quota`: its reset as the upstream said it.
  private func consider(_ quota: Quota, _ nearest: inout Quota) {
    guard quota.isSaid, !nearest.isSaid || quota.share < nearest.share else { return }
    nearest = quota
    nearest.resetUnixSeconds = quota.resetUnixSeconds.flatMap(moment)
  }

  private func retry(_ value: Span<UInt8>) -> Int? {
    QuotaReader.number(value).flatMap(moment) ?? HTTPDate.unixSeconds(value)
  }

  /// Seconds since 1970, of what may be seconds from now, seconds since 1970 or milliseconds since
  /// 1970: 30 years are none of the first, 3000 none of the second. nil for what is none of them.
  private func moment(_ number: Int) -> Int? {
    switch number {
    case ..<1_000_000_000: nowUnixSeconds + number
    case ..<100_000_000_000: number
    case ..<100_000_000_000_000: number / 1000
    default: nil
    }
  }

  private static let digitsMax = 15

  /// The whole number at the start, what is behind its point left out; nil where there is none, or
  /// where something goes on behind it that is neither a parameter nor a remark.
  static func number(_ text: Span<UInt8>) -> Int? {
    var number = 0
    var index = 0
    while index < text.count, ByteClass.isDigit(text[index]) {
      if index == digitsMax { return nil }
      number = number * 10 + Int(text[index] - 0x30)
      index &+= 1
    }
    if index == 0 { return nil }
    if index == text.count { return number }
    switch text[index] {
    case 0x2e, 0x3b, 0x20, 0x09: return number  // . ; SP HT
    default: return nil
    }
  }
}
