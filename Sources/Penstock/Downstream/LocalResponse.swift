import Wire

/// What Penstock answers itself: errors, health, metrics. Everything but what an upstream said.
enum LocalResponse {
  /// What all answers of one exchange have in common.
  struct Context {
    var isHead: Bool
    var keepsAlive: Bool
    var minorVersion: Int
  }

  /// Appends a head with a length; the body follows, but to HEAD.
  static func append(
    status: Int, contentType: StaticString, fields: borrowing ByteBuffer,
    body: borrowing ByteBuffer, _ context: Context, requestID: Span<UInt8>,
    date: borrowing DateText, into output: inout ByteBuffer
  ) {
    appendStatusLine(status, into: &output)
    output.appendField("Date", date.span)
    if status != 204 {
      output.appendField("Content-Type", contentType)
      output.appendField("Content-Length", decimal: body.count)
    }
    output.appendField("x-request-id", requestID)
    output.append(fields.span)
    appendConnection(context, into: &output)
    output.append("\r\n")
    if !context.isHead, status != 204 { output.append(body.span) }
  }

  /// Appends a head whose body follows in `framing`, which has no length.
  static func appendHead(
    status: Int, contentType: StaticString, _ framing: Framing, fields: borrowing ByteBuffer,
    _ context: Context, requestID: Span<UInt8>, date: borrowing DateText,
    into output: inout ByteBuffer
  ) {
    appendStatusLine(status, into: &output)
    output.appendField("Date", date.span)
    output.appendField("Content-Type", contentType)
    if framing == .chunked { output.append("Transfer-Encoding: chunked\r\n") }
    output.appendField("x-request-id", requestID)
    output.append(fields.span)
    appendConnection(context, into: &output)
    output.append("\r\n")
  }

  /// Says what the client cannot know by itself (RFC 9112 §9.3, §9.6).
  static func appendConnection(_ context: Context, into output: inout ByteBuffer) {
    if !context.keepsAlive {
      output.append("Connection: close\r\n")
    } else if context.minorVersion == 0 {
      output.append("Connection: keep-alive\r\n")
    }
  }

  static func appendStatusLine(_ status: Int, into output: inout ByteBuffer) {
    output.append("HTTP/1.1 ")
    output.append(decimal: status)
    output.append(0x20)
    output.append(reason(status))
    output.append("\r\n")
  }

  /// The phrases of RFC 9110 §15; empty for a status without one.
  private static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 204: "No Content"
    case 206: "Partial Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}
