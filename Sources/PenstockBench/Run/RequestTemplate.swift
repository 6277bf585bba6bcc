import Wire

/// What all requests of a run have in common: method, fields, body.
struct RequestTemplate: Sendable {
  var method = "GET"
  var fields: [RequestField] = []
  var body: [UInt8] = []
  var keepsAlive = true

  /// The bytes of the request for one URL. Fields of the user's replace those of the program.
  func bytes(target: String, authority: String) -> [UInt8] {
    var request = ByteBuffer()
    request.append("\(method) \(target) HTTP/1.1\r\n" as String)
    append("Host", authority, unlessGiven: "host", to: &request)
    append("User-Agent", "penstock-bench", unlessGiven: "user-agent", to: &request)
    append("Accept", "*/*", unlessGiven: "accept", to: &request)
    if !keepsAlive { append("Connection", "close", unlessGiven: "connection", to: &request) }
    let isCoded = fields.contains { $0.isNamed("transfer-encoding") }
    if !isCoded, !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) {
      append("Content-Length", String(body.count), unlessGiven: "content-length", to: &request)
    }
    for field in fields { append(field, to: &request) }
    request.append("\r\n" as StaticString)
    request.append(body)
    return Array(request)
  }

  private func append(
    _ name: String, _ value: String, unlessGiven lowercased: String, to request: inout ByteBuffer
  ) {
    if fields.contains(where: { $0.isNamed(lowercased) }) { return }
    append(RequestField(name: name, value: value), to: &request)
  }

  private func append(_ field: RequestField, to request: inout ByteBuffer) {
    request.append("\(field.name): \(field.value)\r\n" as String)
  }
}
