import Wire

/// What a request head says beside method and target, and what is wrong with it.
///
/// All that could be read in two ways is refused here, before anyone is asked who they are.
struct HeadCheck {
  private(set) var framing = Framing.none
  private(set) var host = Slice.empty
  private(set) var requestID: Slice?
  /// Names the client's trace, valid or not; nil where it does not stand there once.
  private(set) var traceparent: Slice?
  private(set) var expectsContinue = false
  private(set) var keepsAlive = true
  /// The client takes trailer fields (RFC 9110 §10.1.4).
  private(set) var takesTrailers = false
  /// The client wants its answer as the upstream made it (RFC 9111 §5.2.1.6).
  private(set) var forbidsTransforming = false
  /// The content codings that the client takes.
  private(set) var accepted = AcceptEncoding()
  private(set) var fault: PenstockError?

  private var hosts = 0
  private var contentTypes = 0
  private var keys = 0
  private var authorizations = 0
  private var expectations = 0
  private var traceparents = 0

  init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
    var index = 0
    while index < head.fields.count {
      take(head.fields[index], bytes)
      index &+= 1
    }
    let options = ConnectionOptions(head.fields, bytes)
    keepsAlive = !options.hasClose && (head.minorVersion == 1 || options.hasKeepAlive)
    checkHost(head, bytes)
    if contentTypes > 1 || keys > 1 || authorizations > 1 { report(.malformedRequest) }
    do throws(FramingFault) {
      framing = try Framing.ofRequest(head, bytes)
    } catch {
      report(error == .malformed ? .malformedRequest : .notImplemented)
    }
    if expectations > 1 { report(.expectationFailed) }
  }

  private mutating func take(_ field: Field, _ bytes: Span<UInt8>) {
    switch field.known {
    case .host:
      hosts += 1
      host = field.value
    case .contentType: contentTypes += 1
    case .acceptEncoding: accepted.add(bytes[field.value])
    case .cacheControl:
      if CacheControl.forbidsTransforming(bytes[field.value]) { forbidsTransforming = true }
    case .te:
      var list = TokenList()
      while let token = list.next(bytes[field.value]) {
        if bytes[field.value][token].equalsIgnoringCase("trailers") { takesTrailers = true }
      }
    case .xAPIKey: keys += 1
    case .authorization: authorizations += 1
    case .expect:
      expectations += 1
      expectsContinue = bytes[field.value].equalsIgnoringCase("100-continue")
      if !expectsContinue { report(.expectationFailed) }
    case .traceparent:
      traceparents += 1
      traceparent = traceparents == 1 ? field.value : nil
    case .xRequestID: requestID = RequestIDs.isUsable(bytes[field.value]) ? field.value : nil
    default: break
    }
  }

  /// One valid Host on HTTP/1.1 (RFC 9112 §3.2); an absolute-form target must agree with it, or a
  /// cache before Penstock and Penstock would read two requests.
  private mutating func checkHost(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
    if hosts > 1 || hosts == 0 && head.minorVersion == 1 { report(.malformedRequest) }
    if hosts > 0, !HostValue.isValid(bytes[host]) { report(.malformedRequest) }
    if !head.authority.isEmpty, !bytes[head.authority].equalsIgnoringCase(bytes[host]) {
      report(.malformedRequest)
    }
  }

  /// The first fault is the one that is answered.
  private mutating func report(_ error: PenstockError) {
    if fault == nil { fault = error }
  }
}
