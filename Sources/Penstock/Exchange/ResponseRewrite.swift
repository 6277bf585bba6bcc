import Wire

/// The head of an upstream's response as the client gets it.
enum ResponseRewrite {
  /// Appends status line and fields. Framing and connection fields are the client connection's own;
  /// a field that echoes a credential of the account is told as `***`, and is left out where its
  /// name does.
  /// `framing`: what `framing(_:toMinorVersion:isTransformed:)` says. `timing`: nil where the route
  /// does not want it told.
  static func append(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ account: Account,
    framing: Framing, coding: ResponseCoding = .asIs, isToHead: Bool,
    context: LocalResponse.Context, requestID: Span<UInt8>, timing: ServerTiming? = nil,
    into out: inout ByteBuffer
  ) {
    out.append("HTTP/1.1 ")
    out.append(decimal: head.status)
    out.append(0x20)
    // A reason is as good a place for an echo as a field.
    if !CredentialInjector.isLeak(bytes[head.reason], of: account.credential) {
      out.append(bytes[head.reason])
    }
    out.append("\r\n")
    let options = ConnectionOptions(head.fields, bytes)
    let keepsLength = isToHead || head.status == 304
    var saysThatItVaries = !coding.varies
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if field.known.isHopByHop || field.known == .xRequestID { continue }
      if field.known == .contentLength, !keepsLength { continue }
      if coding.isTransformed, isLost(field, bytes) { continue }
      let name = bytes[field.name]
      if options.hasNominated, options.nominates(name, head.fields, bytes) { continue }
      if CredentialInjector.isLeak(name: name, of: account.credential) { continue }
      if CredentialInjector.isLeak(bytes[field.value], of: account.credential) {
        out.append(name)
        out.append(": ***\r\n")
      } else if field.known == .etag, coding.isTransformed {
        out.append(name)
        out.append(": ")
        out.appendWeakened(bytes[field.value])
        out.append("\r\n")
      } else {
        out.appendField(field, of: bytes)
        if field.known == .vary, namesAcceptEncoding(bytes[field.value]) { saysThatItVaries = true }
      }
    }
    if case .encode(let made) = coding.plan { out.appendField("Content-Encoding", made.name) }
    if !saysThatItVaries { out.append("Vary: Accept-Encoding\r\n") }
    out.appendField("x-request-id", requestID)
    timing?.append(into: &out)
    switch framing {
    case .length(let count):
      assert(!coding.isTransformed, "a length of bytes that are coded anew")
      out.appendField("Content-Length", decimal: count)
    case .chunked: out.append("Transfer-Encoding: chunked\r\n")
    case .none, .untilClose: break
    }
    LocalResponse.appendConnection(context, into: &out)
    out.append("\r\n")
  }

  /// Appends the head of a 101: its fields are of the new protocol's handshake, and the connection
  /// is no longer HTTP's.
  static func appendSwitch(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ account: Account,
    requestID: Span<UInt8>, timing: ServerTiming? = nil, into out: inout ByteBuffer
  ) {
    out.append("HTTP/1.1 101 Switching Protocols\r\n")
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      let isFraming = field.known == .contentLength || field.known == .transferEncoding
      if isFraming || field.known == .xRequestID || field.known == .keepAlive { continue }
      if CredentialInjector.isLeak(name: bytes[field.name], of: account.credential) { continue }
      if CredentialInjector.isLeak(bytes[field.value], of: account.credential) {
        out.append(bytes[field.name])
        out.append(": ***\r\n")
      } else {
        out.appendField(field, of: bytes)
      }
    }
    out.appendField("x-request-id", requestID)
    timing?.append(into: &out)
    out.append("\r\n")
  }

  /// True for what is wrong of a body that Penstock coded anew. A malformed entity tag cannot be
  /// weakened: left as it is, it would match a range of the plain body with one of the coded body.
  private static func isLost(_ field: Field, _ bytes: Span<UInt8>) -> Bool {
    field.known.isBoundToCoding
      || field.known == .etag && !EntityTag.isWellFormed(bytes[field.value])
  }

  /// Whether a Vary says that the response depends on Accept-Encoding, or on everything.
  private static func namesAcceptEncoding(_ vary: Span<UInt8>) -> Bool {
    var list = TokenList()
    while let name = list.next(vary) {
      if vary[name].equalsIgnoringCase("accept-encoding") || vary[name].equals("*") { return true }
    }
    return false
  }

  /// How a body that arrives in one framing goes on to a client of HTTP/1.`minorVersion`. One that
  /// Penstock codes anew has no known length.
  static func framing(
    _ framing: Framing, toMinorVersion minorVersion: Int, isTransformed: Bool = false
  ) -> Framing {
    switch framing {
    case .none: .none
    case .length where !isTransformed: framing
    case .length, .chunked, .untilClose: minorVersion == 0 ? .untilClose : .chunked
    }
  }
}
