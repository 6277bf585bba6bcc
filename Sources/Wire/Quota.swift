/// What an upstream says of the quota of whoever asks: how much of it is left, when it is anew, and
/// when to come back. Nil is what it does not say.
public struct Quota: Equatable, Sendable {
  /// The most in a window, in units of the upstream's own.
  public var limit: Int?
  public var remaining: Int?
  /// When the window ends, in seconds since 1970.
  public var resetUnixSeconds: Int?
  /// When to try again, in seconds since 1970.
  public var retryUnixSeconds: Int?

  public init(
    limit: Int? = nil, remaining: Int? = nil, resetUnixSeconds: Int? = nil,
    retryUnixSeconds: Int? = nil
  ) {
    self.limit = limit
    self.remaining = remaining
    self.resetUnixSeconds = resetUnixSeconds
    self.retryUnixSeconds = retryUnixSeconds
  }

  /// Reads `Retry-After`, `X-RateLimit-…`, `X-Rate-Limit-…`, `RateLimit-…`, and `RateLimit` with
  /// `RateLimit-Policy` of a response. What cannot be read is as if it were not there. Of several
  /// quotas the one that is nearest to its end is meant.
  public init(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>, nowUnixSeconds: Int) {
    var reader = QuotaReader(nowUnixSeconds: nowUnixSeconds)
    var index = 0
    while index < fields.count {
      reader.take(fields[index], bytes)
      index &+= 1
    }
    self = reader.nearest(bytes)
  }

  /// False where nothing is said but when to come back.
  public var isSaid: Bool { limit != nil || remaining != nil || resetUnixSeconds != nil }

  /// The share that is left, for comparing: what is not known is far from its end.
  var share: Double {
    guard let remaining else { return .infinity }
    if remaining == 0 { return 0 }
    guard let limit, limit > 0 else { return .greatestFiniteMagnitude }
    return Double(remaining) / Double(limit)
  }
}
