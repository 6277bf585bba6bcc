import Wire

/// The head of an upstream's response as the client gets it.
enum ResponseRewrite {
  /// Appends status line and fields. Framing and connection fields are the client connection's own;
  /// a field that echoes a credential of the account is told as `***`.
  static func append(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ account: Account,
    framing: Framing, isToHead: Bool, context: LocalResponse.Context, requestID: Span<UInt8>,
    into out: inout ByteBuffer
  ) {
    out.append("HTTP/1.1 ")
    out.append(decimal: head.status)
    out.append(0x20)
    out.append(bytes[head.reason])
    out.append("\r\n")
    let options = ConnectionOptions(head.fields, bytes)
    let keepsLength = isToHead || head.status == 304
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if field.known.isHopByHop || field.known == .xRequestID { continue }
      if field.known == .contentLength, !keepsLength { continue }
      let name = bytes[field.name]
      if options.hasNominated, options.nominates(name, head.fields, bytes) { continue }
      if CredentialInjector.isLeak(bytes[field.value], of: account.credential) {
        out.append(name)
        out.append(": ***\r\n")
      } else {
        out.appendField(field, of: bytes)
      }
    }
    out.appendField("x-request-id", requestID)
    switch framing {
    case .length(let count): out.appendField("Content-Length", decimal: count)
    case .chunked: out.append("Transfer-Encoding: chunked\r\n")
    case .none, .untilClose: break
    }
    LocalResponse.appendConnection(context, into: &out)
    out.append("\r\n")
  }

  /// How a body that arrives in one framing goes on to a client of HTTP/1.`minorVersion`.
  static func framing(_ framing: Framing, toMinorVersion minorVersion: Int) -> Framing {
    switch framing {
    case .none, .length: framing
    case .chunked, .untilClose: minorVersion == 0 ? .untilClose : .chunked
    }
  }
}
