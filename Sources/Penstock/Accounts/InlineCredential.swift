import Wire

/// A credential that came in an envelope, for that one request: its bytes, and where they go.
///
/// It lends them to the injector alone, as `Secret` does, and they are overwritten when the request
/// is over. One is reused by its owner; it keeps its memory.
struct InlineCredential: ~Copyable {
  /// What an envelope can give.
  enum Part: Int {
    case token, bearerToken, basicEncoded
  }

  /// The forms that an answer's header must not repeat.
  enum Form: CaseIterable {
    case sent, bare, name, password
  }

  enum Placement {
    case nothing, bearer, basic
    /// In the account's own header, or in its own query parameter.
    case header, query
  }

  private(set) var scheme: AuthScheme?
  private(set) var placement = Placement.nothing
  private var text = ByteBuffer()
  private var parts: [3 of Slice?] = .init(repeating: nil)
  /// `name:password`.
  private var pair: Slice?
  private var password = Slice.empty
  /// The pair's name where it is what proves the account.
  private var secretName = Slice.empty
  /// What is sent, as it came, and as it is sent where that is not the same.
  private var bare = Slice.empty
  private var encoded = ByteBuffer()

  init() {
    text.holdsSecrets = true
    encoded.holdsSecrets = true
  }

  var isGiven: Bool { scheme != nil }

  /// Overwrites all that it held.
  mutating func wipe() {
    if !isGiven { return }
    scheme = nil
    placement = .nothing
    parts = .init(repeating: nil)
    pair = nil
    password = .empty
    secretName = .empty
    bare = .empty
    text.wipe()
    encoded.wipe()
  }

  // MARK: Filling it, for the parser

  mutating func begin(_ scheme: AuthScheme) {
    wipe()
    self.scheme = scheme
  }

  /// Copies a string of the envelope, unescaped; false where it cannot be sent in a header.
  mutating func keep(_ string: JSONSlice, of envelope: Span<UInt8>, as part: Part) -> Bool {
    let slice = keep(string, of: envelope)
    parts[part.rawValue] = slice
    return !slice.isEmpty && isSendable(slice)
  }

  /// The same for a user's name and its password; a name holds no colon (RFC 7617 §2).
  mutating func keep(
    name: JSONSlice, password: JSONSlice?, of envelope: Span<UInt8>
  ) -> (isName: Bool, isPassword: Bool) {
    let name = keep(name, of: envelope)
    text.append(0x3a)
    if let password { self.password = keep(password, of: envelope) }
    pair = Slice(start: Int(name.start), count: text.count - Int(name.start))
    if Credential.isNameSecret(name: Int(name.count), password: Int(self.password.count)) {
      secretName = name
    }
    let hasColon = text.span[name].index(of: 0x3a, from: 0) != nil
    return (!name.isEmpty && isSendable(name) && !hasColon, isSendable(self.password))
  }

  private mutating func keep(_ string: JSONSlice, of envelope: Span<UInt8>) -> Slice {
    let start = text.count
    string.unescape(from: envelope, into: &text)
    return Slice(start: start, count: text.count - start)
  }

  private borrowing func isSendable(_ slice: Slice) -> Bool {
    let bytes = text.span[slice]
    for index in 0..<bytes.count where !ByteClass.isFieldValue(bytes[index]) { return false }
    return true
  }

  // MARK: Where it goes

  /// Decides where it goes: where the account has its own credential, and where it has none, where
  /// the scheme alone says it.
  /// Errors: no such place; the envelope has nothing for it.
  mutating func place(as account: Account) throws(PenstockError) {
    guard let scheme else { return }
    let kind = account.credential.kind
    switch scheme {
    case .noAuth: placement = .nothing
    case .oauth2, .bearerToken:
      try place(parts[Part.token.rawValue], try tokenPlacement(account, isBearer: true))
    case .basic:
      // A bearer's place is the same field.
      guard kind == .basic || kind == .bearer || kind == .none else {
        throw .authSchemeUnsupported
      }
      try place(pair, .basic)
      Self.encode(text, bare, as: .basic, into: &encoded)
    case .apiKey where kind == .basic: try place(parts[Part.basicEncoded.rawValue], .basic)
    case .apiKey where kind == .none && parts[Part.basicEncoded.rawValue] != nil:
      try place(parts[Part.basicEncoded.rawValue], .basic)
    case .apiKey:
      let token = parts[Part.token.rawValue]
      let bearer = parts[Part.bearerToken.rawValue]
      let isBearer = kind == .bearer || bearer != nil
      let slot = try tokenPlacement(account, isBearer: isBearer)
      try place(slot == .bearer ? bearer ?? token : token ?? bearer, slot)
    default: throw .authSchemeUnsupported
    }
    // A header of the account that stands in the same place would be a second opinion.
    if placement == .bearer || placement == .basic {
      for header in account.headers where header.nameBytes.span.equals("authorization") {
        throw .authSchemeUnsupported
      }
    }
  }

  /// `isBearer`: without an account's example it goes as a bearer token.
  private func tokenPlacement(
    _ account: Account, isBearer: Bool
  ) throws(PenstockError) -> Placement {
    switch account.credential.kind {
    case .bearer: return .bearer
    case .none where isBearer: return .bearer
    case .header where account.credential.headerLines.count == 1: return .header
    case .query: return .query
    case .none, .header, .basic: throw .authSchemeUnsupported
    }
  }

  private mutating func place(
    _ value: Slice?, _ placement: Placement
  ) throws(PenstockError) {
    guard let value else { throw .validationError }
    self.placement = placement
    bare = value
    if placement == .query { Self.encode(text, bare, as: .query, into: &encoded) }
  }

  private static func encode(
    _ text: borrowing ByteBuffer, _ slice: Slice, as placement: Placement,
    into out: inout ByteBuffer
  ) {
    if placement == .query {
      PercentCoding.encode(text.span[slice], into: &out)
    } else {
      Base64.encode(text.span[slice], into: &out)
    }
  }

  // MARK: For the injector

  /// Lends the bytes for one call; they must not be kept.
  borrowing func withBytes<R>(of form: Form, _ body: (Span<UInt8>) -> R) -> R {
    switch form {
    case .sent where !encoded.isEmpty: body(encoded.span)
    case .sent, .bare: body(text.span[bare])
    case .name: body(text.span[secretName])
    case .password: body(text.span[password])
    }
  }
}
