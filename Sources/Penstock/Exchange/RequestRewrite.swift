import Wire

/// The head of the request that goes upstream on the streaming route.
///
/// What came in is never changed. Hop-by-hop fields go first, then the client's other fields are
/// copied, then Penstock's own are added, so that no `Connection` field of a client can strip what
/// Penstock adds; the credential comes last, from the one injector.
enum RequestRewrite {
  /// How the body is framed upstream.
  static func appendFraming(_ framing: Framing, method: Span<UInt8>, into out: inout ByteBuffer) {
    switch framing {
    case .chunked: out.append("Transfer-Encoding: chunked\r\n")
    case .length(let count): out.appendField("Content-Length", decimal: count)
    case .none, .untilClose:
      // These have a meaning for a body, so that its absence is said (RFC 9110 §8.6).
      if method.equals("POST") || method.equals("PUT") || method.equals("PATCH") {
        out.append("Content-Length: 0\r\n")
      }
    }
  }

  /// Appends the client's end-to-end fields but those that Penstock consumes or sets.
  /// `shown`: where the caller showed its API key, which goes no further. `isTransformed`: the body
  /// is coded anew, so that what is said of its bytes is not true any more.
  static func appendClientFields(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ account: Account,
    shown: Authenticator.Shown, isTransformed: Bool = false, into out: inout ByteBuffer
  ) {
    let options = ConnectionOptions(head.fields, bytes)
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if isPenstocks(field.known, shown) { continue }
      if isTransformed, field.known.isBoundToCoding { continue }
      let name = bytes[field.name]
      if options.hasNominated, options.nominates(name, head.fields, bytes) { continue }
      if account.sets(name) { continue }
      out.appendField(field, of: bytes)
    }
  }

  /// Fields that end here, or that Penstock writes itself.
  private static func isPenstocks(_ name: FieldName, _ shown: Authenticator.Shown) -> Bool {
    if name.isHopByHop { return true }
    switch name {
    case .host, .contentLength, .expect, .xAPIKey, .xRequestID: return true
    case .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto: return true
    case .traceparent, .tracestate: return true
    case .authorization: return shown == .authorization
    default: return false
    }
  }

  /// Appends what the client says of a trace that Penstock goes on with, unless it means the one
  /// connection.
  static func appendTraceState(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>, into out: inout ByteBuffer
  ) {
    let options = ConnectionOptions(head.fields, bytes)
    if options.hasNominated, options.nominates(tracestate.span, head.fields, bytes) { return }
    TraceState.appendField(head.fields, bytes, into: &out)
  }

  private static let tracestate = Array("tracestate".utf8)

  /// Appends what Penstock says for itself, the credential last. The empty line is the caller's.
  /// `upgrade`: the protocol that the client would rather speak, a slice of `bytes`.
  /// `injects`: false where another credential takes the place of the account's.
  static func appendOwnFields(
    _ account: Account, injects: Bool = true, requestID: Span<UInt8>, takesTrailers: Bool = false,
    upgrade: Slice? = nil, of bytes: Span<UInt8> = Span(), into out: inout ByteBuffer
  ) {
    if let upgrade {
      out.append("Connection: Upgrade\r\n")
      out.appendField("Upgrade", bytes[upgrade])
    } else if takesTrailers {
      out.append("TE: trailers\r\nConnection: TE\r\n")
    }
    out.append("Via: 1.1 penstock\r\n")
    out.appendField("x-request-id", requestID)
    for header in account.headers { out.append(header.line) }
    if injects { CredentialInjector.injectFields(account.credential, into: &out) }
  }

  private static func isHTTP2(_ name: Span<UInt8>) -> Bool {
    name.count >= 2 && name.extracting(0..<2).equalsIgnoringCase("h2")
  }

  /// The protocol that a request asks to switch to (RFC 9110 §7.8); nil where there is none that
  /// may pass. HTTP/2 is for connections, and this one is Penstock's.
  static func upgrade(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Slice? {
    guard head.minorVersion == 1 else { return nil }
    let options = ConnectionOptions(head.fields, bytes)
    guard options.hasNominated else { return nil }
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      guard field.known == .upgrade, options.nominates(bytes[field.name], head.fields, bytes)
      else { continue }
      let value = bytes[field.value]
      var protocols = TokenList()
      while let token = protocols.next(value) {
        if isHTTP2(value[token]) { continue }
        return Slice(start: Int(field.value.start + token.start), count: Int(token.count))
      }
    }
    return nil
  }

  /// Appends a client's query but what is in the slot of the account's query credential.
  /// Returns true where something was left, a question mark in front of it.
  static func appendQuery(
    _ query: Span<UInt8>, without slot: QuerySlot, into out: inout ByteBuffer
  ) -> Bool {
    let name = Array(slot.name.utf8)
    var hasAny = false
    var index = 0
    while index < query.count {
      let end = query.index(of: 0x26, from: index) ?? query.count
      let pair = query.extracting(index..<end)
      let nameEnd = pair.index(of: 0x3d, from: 0) ?? pair.count
      if !PercentCoding.decodesLoosely(pair.extracting(0..<nameEnd), to: name.span) {
        out.append(hasAny ? 0x26 : 0x3f)
        out.append(pair)
        hasAny = true
      }
      index = end + 1
    }
    return hasAny
  }
}
