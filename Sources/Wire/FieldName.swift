/// The field names that Penstock does something about. All others are `other` and pass.
public enum FieldName: UInt8, Sendable {
  case other
  case accept, acceptEncoding, acceptRanges, authorization, cacheControl, connection
  case contentDigest, contentEncoding, contentLength, contentMD5, contentRange, contentType
  case cookie, date, digest, etag, expect, forwarded, host, http2Settings, idempotencyKey
  case keepAlive, location, origin, proxyAuthenticate, proxyAuthorization, proxyConnection, range
  case rateLimit, rateLimitLimit, rateLimitPolicy, rateLimitRemaining, rateLimitReset
  case reprDigest, requestTimeout, retryAfter, secFetchSite, server, setCookie, te, traceparent
  case tracestate, trailer, transferEncoding, upgrade, vary, via, wwwAuthenticate, xAPIKey
  case xForwardedFor, xForwardedHost, xForwardedPort, xForwardedProto
  case xRateLimitLimit, xRateLimitRemaining, xRateLimitReset, xRequestID
  case xStainlessReadTimeout, xStainlessTimeout

  /// Which name the bytes are, in any case. By length first, so that most names cost one compare.
  public init(_ name: Span<UInt8>) { self = FieldName.ofLength(name) ?? .other }

  private static func ofLength(_ name: Span<UInt8>) -> FieldName? {
    switch name.count {
    case 2: match(name, "te", .te)
    case 3: match(name, "via", .via)
    case 4:
      match(name, "date", .date)
        ?? match(name, "etag", .etag)
        ?? match(name, "host", .host)
        ?? match(name, "vary", .vary)
    case 5: match(name, "range", .range)
    case 6:
      match(name, "accept", .accept)
        ?? match(name, "cookie", .cookie)
        ?? match(name, "digest", .digest)
        ?? match(name, "expect", .expect)
        ?? match(name, "origin", .origin)
        ?? match(name, "server", .server)
    case 7: match(name, "trailer", .trailer) ?? match(name, "upgrade", .upgrade)
    case 8: match(name, "location", .location)
    case 9:
      match(name, "forwarded", .forwarded)
        ?? match(name, "ratelimit", .rateLimit)
        ?? match(name, "x-api-key", .xAPIKey)
    case 10:
      match(name, "connection", .connection)
        ?? match(name, "keep-alive", .keepAlive)
        ?? match(name, "set-cookie", .setCookie)
        ?? match(name, "tracestate", .tracestate)
    case 11:
      match(name, "content-md5", .contentMD5)
        ?? match(name, "repr-digest", .reprDigest)
        ?? match(name, "retry-after", .retryAfter)
        ?? match(name, "traceparent", .traceparent)
    case 12: match(name, "content-type", .contentType) ?? match(name, "x-request-id", .xRequestID)
    case 13:
      match(name, "accept-ranges", .acceptRanges)
        ?? match(name, "authorization", .authorization)
        ?? match(name, "cache-control", .cacheControl)
        ?? match(name, "content-range", .contentRange)
    case 14:
      match(name, "content-digest", .contentDigest)
        ?? match(name, "content-length", .contentLength)
        ?? match(name, "http2-settings", .http2Settings)
        ?? match(name, "sec-fetch-site", .secFetchSite)
    case 15:
      match(name, "accept-encoding", .acceptEncoding)
        ?? match(name, "idempotency-key", .idempotencyKey)
        ?? match(name, "ratelimit-limit", .rateLimitLimit)
        ?? match(name, "ratelimit-reset", .rateLimitReset)
        ?? match(name, "request-timeout", .requestTimeout)
        ?? match(name, "x-forwarded-for", .xForwardedFor)
    case 16:
      match(name, "content-encoding", .contentEncoding)
        ?? match(name, "proxy-connection", .proxyConnection)
        ?? match(name, "ratelimit-policy", .rateLimitPolicy)
        ?? match(name, "www-authenticate", .wwwAuthenticate)
        ?? match(name, "x-forwarded-host", .xForwardedHost)
        ?? match(name, "x-forwarded-port", .xForwardedPort)
    default: ofGreatLength(name)
    }
  }

  /// Of 17 bytes and more.
  private static func ofGreatLength(_ name: Span<UInt8>) -> FieldName? {
    switch name.count {
    case 17:
      match(name, "transfer-encoding", .transferEncoding)
        ?? match(name, "x-forwarded-proto", .xForwardedProto)
        ?? match(name, "x-ratelimit-limit", .xRateLimitLimit)
        ?? match(name, "x-ratelimit-reset", .xRateLimitReset)
    case 18:
      match(name, "proxy-authenticate", .proxyAuthenticate)
        ?? match(name, "x-rate-limit-limit", .xRateLimitLimit)
        ?? match(name, "x-rate-limit-reset", .xRateLimitReset)
    case 19:
      match(name, "proxy-authorization", .proxyAuthorization)
        ?? match(name, "ratelimit-remaining", .rateLimitRemaining)
        ?? match(name, "x-stainless-timeout", .xStainlessTimeout)
    case 21: match(name, "x-ratelimit-remaining", .xRateLimitRemaining)
    case 22: match(name, "x-rate-limit-remaining", .xRateLimitRemaining)
    case 24: match(name, "x-stainless-read-timeout", .xStainlessReadTimeout)
    default: nil
    }
  }

  private static func match(
    _ name: Span<UInt8>, _ known: StaticString, _ result: FieldName
  ) -> FieldName? {
    name.equalsIgnoringCase(known) ? result : nil
  }

  /// False for what frames, routes, authenticates or describes a body: as a trailer it would come
  /// too late to be judged (RFC 9110 §6.5.1).
  public var canTrail: Bool {
    switch self {
    case .other, .date, .etag, .requestTimeout, .retryAfter, .server, .vary, .via: !isHopByHop
    case .acceptRanges, .contentDigest, .contentMD5, .digest, .reprDigest: true
    default: tellsOfQuota
    }
  }

  /// True for what an upstream says of the quota of whoever asks.
  public var tellsOfQuota: Bool {
    switch self {
    case .rateLimit, .rateLimitLimit, .rateLimitPolicy, .rateLimitRemaining, .rateLimitReset,
      .retryAfter, .xRateLimitLimit, .xRateLimitRemaining, .xRateLimitReset:
      true
    default: false
    }
  }

  /// True for what holds for a body only as its sender coded it (RFC 9110 §8.8.1, RFC 9530), and is
  /// wrong once a coding is put on or taken off. An entity tag is not among them: it can be
  /// weakened.
  public var isBoundToCoding: Bool {
    switch self {
    case .acceptRanges, .contentDigest, .contentEncoding, .contentLength, .contentMD5, .digest,
      .reprDigest:
      true
    default: false
    }
  }

  /// Fields that speak of one connection and are never passed on (RFC 9110 §7.6.1), and the two
  /// that a proxy speaks for itself.
  public var isHopByHop: Bool {
    switch self {
    case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade,
      .http2Settings, .proxyAuthenticate, .proxyAuthorization:
      true
    default: false
    }
  }
}
