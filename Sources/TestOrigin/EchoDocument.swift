import Wire

/// What `/echo` tells of a request, as JSON. Holds at most so much of a body as it repeats.
struct EchoDocument: ~Copyable {
  private(set) var json = ByteBuffer()
  private var body = ByteBuffer()
  private var bodyBytes = 0

  /// Credentials leave masked: this document ends in terminals, reports and bug trackers.
  mutating func begin(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
    json.append("{")
    JSONWriter.append(key: "method", into: &json)
    append(text: bytes[head.method])
    json.append(",")
    JSONWriter.append(key: "target", into: &json)
    var masked = ByteBuffer()
    CredentialMask.append(target: bytes[head.target], into: &masked)
    append(text: masked.span)
    json.append(",")
    JSONWriter.append(key: "headers", into: &json)
    json.append("[")
    for index in 0..<head.fields.count {
      if index > 0 { json.append(",") }
      append(head.fields[index], bytes)
    }
    json.append("],")
  }

  private mutating func append(_ field: Field, _ bytes: Span<UInt8>) {
    let name = bytes[field.name]
    json.append("[")
    append(text: name)
    json.append(",")
    if CredentialMask.isNeeded(forName: name) {
      var masked = ByteBuffer()
      CredentialMask.append(bytes[field.value], into: &masked)
      append(text: masked.span)
    } else {
      append(text: bytes[field.value])
    }
    json.append("]")
  }

  mutating func take(_ payload: Span<UInt8>) {
    bodyBytes += payload.count
    if bodyBytes > OriginContext.echoedBytesMax {
      body.release()
    } else {
      body.append(payload)
    }
  }

  /// The body as a string where it is UTF-8 and not too long, else null; its length always.
  mutating func end() {
    JSONWriter.append(key: "body", into: &json)
    if body.count != bodyBytes || !Self.append(utf8: body, into: &json) { json.append("null") }
    json.append(",")
    JSONWriter.append(key: "body_bytes", into: &json)
    json.append(decimal: bodyBytes)
    json.append("}\n")
    body.release()
  }

  /// False, and nothing is appended, where the bytes are not UTF-8.
  private static func append(utf8 text: borrowing ByteBuffer, into json: inout ByteBuffer) -> Bool {
    if !UTF8Validation.isValid(text.span) { return false }
    JSONWriter.append(string: text.span, into: &json)
    return true
  }

  /// A field may hold bytes that are not UTF-8; each is then a character of latin-1.
  private mutating func append(text: Span<UInt8>) {
    if UTF8Validation.isValid(text) { return JSONWriter.append(string: text, into: &json) }
    json.append("\"")
    JSONWriter.append(singleBytes: text, isWindows1252: false, into: &json)
    json.append("\"")
  }
}
