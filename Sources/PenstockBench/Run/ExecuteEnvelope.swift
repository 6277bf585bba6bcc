import Wire

/// A request to Penstock's execute endpoint: another request, in a JSON envelope.
struct ExecuteEnvelope: Sendable {
  let endpoint: String
  let method: String
  /// JSON as it stands, or nothing.
  let body: [UInt8]

  static let path = "/api/v3.1/tools/execute/proxy"

  /// The envelope for one account.
  func json(account: String) -> [UInt8] {
    var json = ByteBuffer()
    json.append("{\"connected_account_id\":" as StaticString)
    append(string: account, to: &json)
    json.append(",\"endpoint\":" as StaticString)
    append(string: endpoint, to: &json)
    json.append(",\"method\":" as StaticString)
    append(string: method, to: &json)
    if !body.isEmpty {
      json.append(",\"body\":" as StaticString)
      json.append(body)
    }
    json.append("}" as StaticString)
    return Array(json)
  }

  private func append(string text: String, to json: inout ByteBuffer) {
    JSONWriter.append(string: Array(text.utf8).span, into: &json)
  }
}
