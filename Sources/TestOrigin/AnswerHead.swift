import Wire

/// Writes the head of an answer.
struct AnswerHead {
  let status: Int
  let contentType: StaticString
  let framing: Framing
  let keepsAlive: Bool
  let isOld: Bool

  func write(into target: inout ByteBuffer, _ context: OriginContext) {
    target.append("HTTP/1.1 ")
    target.append(decimal: status)
    target.append(" ")
    target.append(Self.reason(status))
    target.append("\r\nDate: ")
    context.date.append(to: &target, wallNanoseconds: context.loop.wallNanoseconds)
    target.append("\r\n")
    if status != 204, status != 304 {
      target.appendField("Content-Type", contentType)
      switch framing {
      case .length(let count): target.appendField("Content-Length", decimal: count)
      case .chunked: target.appendField("Transfer-Encoding", "chunked")
      case .none, .untilClose: break
      }
    }
    if !keepsAlive {
      target.appendField("Connection", "close")
    } else if isOld {
      target.appendField("Connection", "keep-alive")
    }
    target.append("\r\n")
  }

  /// The common ones; a reason may be empty (RFC 9112 §4).
  private static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 204: "No Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 414: "URI Too Long"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}
