/// The field names that Penstock does something about. All others are `other` and pass.
public enum FieldName: UInt8, Sendable {
  case other
  case accept, acceptEncoding, acceptRanges, authorization, cacheControl, connection
  case contentDigest, contentEncoding, contentLength, contentMD5, contentRange, contentType
  case cookie, date, digest, etag, expect, forwarded, host, http2Settings, idempotencyKey
  case keepAlive, location, origin, proxyAuthenticate, proxyAuthorization, proxyConnection, range
  case reprDigest, requestTimeout, retryAfter, secFetchSite, server, setCookie, te, traceparent
  case tracestate, trailer, transferEncoding, upgrade, vary, via, wwwAuthenticate, xAPIKey
  case xForwardedFor, xForwardedHost, xForwardedPort, xForwardedProto, xRequestID
  case xStainlessReadTimeout

  /// Which name the bytes are, in any case. By length first, so that most names cost one compare.
  public init(_ name: Span<UInt8>) {
    self = .other
    for candidate in FieldName.candidates(ofLength: name.count) {
      if name.equalsIgnoringCase(candidate.text) {
        self = candidate.name
        return
      }
    }
  }

  private struct Candidate {
    let text: StaticString
    let name: FieldName
  }

  private static let byLength: [[Candidate]] = {
    var table = [[Candidate]](repeating: [], count: 26)
    for candidate in all { table[candidate.text.utf8CodeUnitCount].append(candidate) }
    return table
  }()

  private static func candidates(ofLength length: Int) -> [Candidate] {
    length < byLength.count ? byLength[length] : []
  }

  private static let all: [Candidate] = [
    Candidate(text: "accept", name: .accept),
    Candidate(text: "accept-encoding", name: .acceptEncoding),
    Candidate(text: "accept-ranges", name: .acceptRanges),
    Candidate(text: "authorization", name: .authorization),
    Candidate(text: "cache-control", name: .cacheControl),
    Candidate(text: "connection", name: .connection),
    Candidate(text: "content-digest", name: .contentDigest),
    Candidate(text: "content-encoding", name: .contentEncoding),
    Candidate(text: "content-length", name: .contentLength),
    Candidate(text: "content-md5", name: .contentMD5),
    Candidate(text: "content-range", name: .contentRange),
    Candidate(text: "content-type", name: .contentType),
    Candidate(text: "cookie", name: .cookie),
    Candidate(text: "date", name: .date),
    Candidate(text: "digest", name: .digest),
    Candidate(text: "etag", name: .etag),
    Candidate(text: "expect", name: .expect),
    Candidate(text: "forwarded", name: .forwarded),
    Candidate(text: "host", name: .host),
    Candidate(text: "http2-settings", name: .http2Settings),
    Candidate(text: "idempotency-key", name: .idempotencyKey),
    Candidate(text: "keep-alive", name: .keepAlive),
    Candidate(text: "location", name: .location),
    Candidate(text: "origin", name: .origin),
    Candidate(text: "proxy-authenticate", name: .proxyAuthenticate),
    Candidate(text: "proxy-authorization", name: .proxyAuthorization),
    Candidate(text: "proxy-connection", name: .proxyConnection),
    Candidate(text: "range", name: .range),
    Candidate(text: "repr-digest", name: .reprDigest),
    Candidate(text: "request-timeout", name: .requestTimeout),
    Candidate(text: "retry-after", name: .retryAfter),
    Candidate(text: "sec-fetch-site", name: .secFetchSite),
    Candidate(text: "server", name: .server),
    Candidate(text: "set-cookie", name: .setCookie),
    Candidate(text: "te", name: .te),
    Candidate(text: "traceparent", name: .traceparent),
    Candidate(text: "tracestate", name: .tracestate),
    Candidate(text: "trailer", name: .trailer),
    Candidate(text: "transfer-encoding", name: .transferEncoding),
    Candidate(text: "upgrade", name: .upgrade),
    Candidate(text: "vary", name: .vary),
    Candidate(text: "via", name: .via),
    Candidate(text: "www-authenticate", name: .wwwAuthenticate),
    Candidate(text: "x-api-key", name: .xAPIKey),
    Candidate(text: "x-forwarded-for", name: .xForwardedFor),
    Candidate(text: "x-forwarded-host", name: .xForwardedHost),
    Candidate(text: "x-forwarded-port", name: .xForwardedPort),
    Candidate(text: "x-forwarded-proto", name: .xForwardedProto),
    Candidate(text: "x-request-id", name: .xRequestID),
    Candidate(text: "x-stainless-read-timeout", name: .xStainlessReadTimeout),
  ]

  /// False for what frames, routes, authenticates or describes a body: as a trailer it would come
  /// too late to be judged (RFC 9110 §6.5.1).
  public var canTrail: Bool {
    switch self {
    case .other, .date, .etag, .requestTimeout, .retryAfter, .server, .vary, .via: !isHopByHop
    case .acceptRanges, .contentDigest, .contentMD5, .digest, .reprDigest: true
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
