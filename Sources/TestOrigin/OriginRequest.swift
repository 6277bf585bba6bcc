import Wire

/// One request head, judged: what is asked for, how its body ends, what becomes of the connection.
struct OriginRequest {
  let resource: Resource
  let framing: Framing
  let isHead: Bool
  /// HTTP/1.0 knows neither chunks nor interim answers.
  let isOld: Bool
  let keepsAlive: Bool
  /// True where the peer may hold its body back until it is told to go on.
  let wantsContinue: Bool

  /// Of a connection on which nothing was asked yet.
  static let none = OriginRequest()

  private init() {
    resource = .unknown
    framing = .none
    isHead = false
    isOld = false
    keepsAlive = false
    wantsContinue = false
  }

  /// Errors: the status of the answer; the connection cannot go on.
  init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) throws(OriginRefusal) {
    do throws(FramingFault) {
      framing = try Framing.ofRequest(head, bytes)
    } catch {
      throw OriginRefusal(status: error == .malformed ? 400 : 501)
    }
    isOld = head.minorVersion == 0
    isHead = bytes[head.method].equals("HEAD")
    resource = Resource(target: bytes[head.target])
    let options = ConnectionOptions(head.fields, bytes)
    keepsAlive = !options.hasClose && (!isOld || options.hasKeepAlive)
    wantsContinue = try Self.checkFields(head, bytes) && !isOld && framing != .none
  }

  /// Returns whether the peer expects `100 Continue`.
  private static func checkFields(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>
  ) throws(OriginRefusal) -> Bool {
    var hosts = 0
    var isExpecting = false
    for index in 0..<head.fields.count {
      let field = head.fields[index]
      switch field.known {
      case .host:
        hosts += 1
        if !HostValue.isValid(bytes[field.value]) { throw OriginRefusal(status: 400) }
      case .expect:
        if !bytes[field.value].equalsIgnoringCase("100-continue") {
          throw OriginRefusal(status: 417)
        }
        isExpecting = true
      default: break
      }
    }
    if hosts > 1 || hosts == 0 && head.minorVersion == 1 { throw OriginRefusal(status: 400) }
    return isExpecting
  }
}

/// A request that is answered with an error, after which the connection closes.
struct OriginRefusal: Error {
  let status: Int

  init(status: Int) { self.status = status }

  init(_ fault: HeadFault) {
    status =
      switch fault {
      case .malformed: 400
      case .targetTooLong: 414
      case .fieldsTooLarge: 431
      case .methodTooLong: 501
      case .versionNotSupported: 505
      }
  }
}
