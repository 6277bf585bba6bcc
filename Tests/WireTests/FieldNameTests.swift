import Testing
import Wire

@Suite struct FieldNameTests {
  private func name(_ text: String) -> FieldName { FieldName(wire(text).span) }

  private static let known: [(String, FieldName)] = [
    ("Accept", .accept), ("Accept-Encoding", .acceptEncoding), ("Accept-Ranges", .acceptRanges),
    ("Authorization", .authorization), ("Cache-Control", .cacheControl),
    ("Connection", .connection), ("Content-Digest", .contentDigest),
    ("Content-Encoding", .contentEncoding), ("Content-Length", .contentLength),
    ("Content-MD5", .contentMD5), ("Content-Range", .contentRange),
    ("Content-Type", .contentType), ("Cookie", .cookie), ("Date", .date), ("Digest", .digest),
    ("ETag", .etag), ("Expect", .expect), ("Forwarded", .forwarded), ("Host", .host),
    ("HTTP2-Settings", .http2Settings), ("Idempotency-Key", .idempotencyKey),
    ("Keep-Alive", .keepAlive), ("Location", .location), ("Origin", .origin),
    ("Proxy-Authenticate", .proxyAuthenticate), ("Proxy-Authorization", .proxyAuthorization),
    ("Proxy-Connection", .proxyConnection), ("Range", .range),
    ("RateLimit", .rateLimit), ("RateLimit-Limit", .rateLimitLimit),
    ("RateLimit-Policy", .rateLimitPolicy), ("RateLimit-Remaining", .rateLimitRemaining),
    ("RateLimit-Reset", .rateLimitReset),
    ("Repr-Digest", .reprDigest), ("Request-Timeout", .requestTimeout),
    ("Retry-After", .retryAfter), ("Sec-Fetch-Site", .secFetchSite), ("Server", .server),
    ("Set-Cookie", .setCookie), ("TE", .te),
    ("traceparent", .traceparent), ("tracestate", .tracestate), ("Trailer", .trailer),
    ("Transfer-Encoding", .transferEncoding), ("Upgrade", .upgrade), ("Vary", .vary), ("Via", .via),
    ("X-API-Key", .xAPIKey), ("X-Forwarded-For", .xForwardedFor),
    ("X-Forwarded-Host", .xForwardedHost), ("X-Forwarded-Port", .xForwardedPort),
    ("X-Forwarded-Proto", .xForwardedProto), ("X-Request-ID", .xRequestID),
    ("X-RateLimit-Limit", .xRateLimitLimit), ("X-RateLimit-Remaining", .xRateLimitRemaining),
    ("X-RateLimit-Reset", .xRateLimitReset), ("X-Rate-Limit-Limit", .xRateLimitLimit),
    ("X-Rate-Limit-Remaining", .xRateLimitRemaining), ("X-Rate-Limit-Reset", .xRateLimitReset),
    ("X-Stainless-Read-Timeout", .xStainlessReadTimeout),
  ]

  @Test func `every known name is found in any case`() {
    for (text, expected) in Self.known {
      for spelling in [text, text.lowercased(), text.uppercased()] {
        #expect(name(spelling) == expected, "\(spelling)")
      }
    }
  }

  @Test func `a name that differs in one byte is another one`() {
    for (text, _) in Self.known {
      let bytes = wire(text)
      for index in bytes.indices {
        for change: UInt8 in [0x01, 0x80, 0x40] {
          var changed = bytes
          changed[index] ^= change
          if WireTests.text(changed).lowercased() == text.lowercased() { continue }
          #expect(FieldName(changed.span) == .other, "\(changed)")
        }
      }
      #expect(name(text + "s") == .other)
      #expect(name(String(text.dropLast())) == .other)
    }
  }

  @Test(arguments: ["", "x", "X_API_KEY", "Transfer_Encoding", "content length", "x-custom"])
  func `what is not known is other`(text: String) {
    #expect(name(text) == .other)
  }

  @Test func `a name of any length is looked up`() {
    for count in 0..<300 { #expect(name(String(repeating: "a", count: count)) == .other) }
  }

  @Test func `the hop-by-hop fields are these and no others`() {
    let hopByHop = Self.known.filter { $0.1.isHopByHop }.map(\.0)
    #expect(
      hopByHop == [
        "Connection", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
        "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
      ])
    #expect(!FieldName.other.isHopByHop)
  }

  @Test func `what is true only of the bytes as they were coded is these and no others`() {
    let bound = Self.known.filter { $0.1.isBoundToCoding }.map(\.0)
    #expect(
      bound.sorted() == [
        "Accept-Ranges", "Content-Digest", "Content-Encoding", "Content-Length", "Content-MD5",
        "Digest", "Repr-Digest",
      ])
    #expect(!FieldName.other.isBoundToCoding)
  }

  @Test func `what tells of a quota is these and no others, and may trail`() {
    let telling = Self.known.filter { $0.1.tellsOfQuota }
    #expect(
      Set(telling.map { $0.0.filter { $0 != "-" }.lowercased() }) == [
        "ratelimit", "ratelimitlimit", "ratelimitpolicy", "ratelimitremaining", "ratelimitreset",
        "retryafter", "xratelimitlimit", "xratelimitremaining", "xratelimitreset",
      ])
    for (text, name) in telling { #expect(name.canTrail, "\(text)") }
    #expect(!FieldName.other.tellsOfQuota)
  }

  @Test func `a digest may trail, and what frames or describes a body may not`() {
    for text in ["Content-Digest", "Repr-Digest", "Digest", "Content-MD5", "Accept-Ranges", "x"] {
      #expect(name(text).canTrail, "\(text)")
    }
    for text in ["Content-Range", "Content-Encoding", "Content-Length", "Content-Type", "Host"] {
      #expect(!name(text).canTrail, "\(text)")
    }
  }
}
