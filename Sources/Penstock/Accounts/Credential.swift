import Wire

/// How an account proves itself, as the wire bytes that do it.
public struct Credential: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case none, bearer, basic, header, query
  }

  public let kind: Kind
  public let headerLines: [HeaderSlot]
  public let query: QuerySlot?
  /// The bare values, in each form that goes on the wire, which an answer's header must not repeat.
  /// Those of header lines come first, in their order, then their parts.
  public let values: [Secret]

  public static let none = Credential(kind: .none, headerLines: [], query: nil, values: [])

  /// RFC 6750 §2.1.
  public static func bearer(token: String) -> Credential {
    let slot = HeaderSlot(name: "Authorization", value: Array("Bearer \(token)".utf8))
    return Credential(
      kind: .bearer, headerLines: [slot], query: nil, values: [slot.value(behind: "Bearer ")])
  }

  /// RFC 7617, in UTF-8; the user name holds no colon.
  public static func basic(username: String, password: String) -> Credential {
    var encoded = ByteBuffer()
    Base64.encode(Array("\(username):\(password)".utf8).span, into: &encoded)
    let slot = HeaderSlot(name: "Authorization", value: Array("Basic ".utf8) + Array(encoded))
    var values = [slot.value(behind: "Basic ")]
    if !password.isEmpty { values.append(Secret(password)) }
    if isNameSecret(name: username.utf8.count, password: password.utf8.count) {
      values.append(Secret(username))
    }
    return Credential(kind: .basic, headerLines: [slot], query: nil, values: values)
  }

  /// Some services take a token for the user's name, and for the password nothing or a letter.
  static func isNameSecret(name nameBytes: Int, password passwordBytes: Int) -> Bool {
    nameBytes >= SecretForms.leastBytes && passwordBytes < SecretForms.leastBytes
  }

  /// An upstream may repeat the token of a value without the scheme in front of it.
  public static func header(_ fields: [(name: String, value: String)]) -> Credential {
    let slots = fields.map { HeaderSlot(name: $0.name, value: Array($0.value.utf8)) }
    let values = slots.map { $0.value(behind: "") }
    return Credential(
      kind: .header, headerLines: slots, query: nil,
      values: values + values.flatMap(SecretForms.parts(ofHeader:)))
  }

  public static func query(name: String, value: String) -> Credential {
    let slot = QuerySlot(name: name, value: Array(value.utf8))
    let encoded = slot.encodedValue
    let values = encoded.count == value.utf8.count ? [encoded] : [Secret(value), encoded]
    return Credential(kind: .query, headerLines: [], query: slot, values: values)
  }
}
