import Wire

/// Reads an envelope's `custom_connection_data`: a toolkit and the caller's own credential for it.
///
/// Of `val` only what the scheme's credential consists of is read: where it goes is the toolkit's
/// to say.
extension ExecuteRequestParser {
  mutating func readConnection(
    _ value: JSONSlice, _ fields: EnvelopeFields, _ envelope: Span<UInt8>, isSession: Bool,
    _ request: inout ExecuteRequest
  ) throws(ExecuteFault) {
    if !isSession, fields[.connectedAccountID] != nil {
      report(.envelope, .customConnectionData, .besideAccount, &request)
    }
    guard let connection = try object(value, .connection, envelope, &request) else { return }
    let scheme = readScheme(connection, envelope, &request)
    readToolkit(connection, fields, envelope, isSession: isSession, &request)
    guard let scheme else { return }
    request.inline.begin(scheme)
    guard let val = connection[.val] else {
      if scheme != .noAuth { report(.connection, .val, .missing, &request) }
      return
    }
    guard let values = try object(val, .connectionValue, envelope, &request) else { return }
    switch scheme {
    case .oauth2: readToken(.accessToken, values, isRequired: true, envelope, &request)
    case .bearerToken: readToken(.token, values, isRequired: true, envelope, &request)
    case .apiKey: readKeys(values, envelope, &request)
    case .basic: readPair(values, envelope, &request)
    default: break
    }
  }

  /// Nil where there is none that is supported; what else stands there is not told back.
  private mutating func readScheme(
    _ connection: EnvelopeFields, _ envelope: Span<UInt8>, _ request: inout ExecuteRequest
  ) -> AuthScheme? {
    guard
      let name = string(.authScheme, of: connection, .connection, isRequired: true, &request)
    else { return nil }
    let scheme = AuthScheme(name, in: envelope)
    if let scheme, scheme.isSupported { return scheme }
    let deed = scheme.map(FieldProblem.Deed.unsupportedScheme) ?? .unknownScheme
    report(.connection, .authScheme, deed, as: .authSchemeUnsupported, &request)
    return nil
  }

  private mutating func readToolkit(
    _ connection: EnvelopeFields, _ fields: EnvelopeFields, _ envelope: Span<UInt8>,
    isSession: Bool, _ request: inout ExecuteRequest
  ) {
    guard
      let slug = string(.connectionToolkit, of: connection, .connection, isRequired: true, &request)
    else { return }
    let kept = request.keep(slug, of: envelope)
    if !isSession {
      request.toolkitSlugSlice = kept
    } else if !request.bytes(kept).equalsIgnoringCase(request.toolkitSlug) {
      report(.connection, .connectionToolkit, .otherToolkit, &request)
    }
  }

  // MARK: The credential

  private mutating func readToken(
    _ field: EnvelopeField, _ values: EnvelopeFields, as part: InlineCredential.Part = .token,
    isRequired: Bool = false, _ envelope: Span<UInt8>, _ request: inout ExecuteRequest
  ) {
    guard
      let token = string(field, of: values, .connectionValue, isRequired: isRequired, &request)
    else { return }
    if token.count > headerBytesMax {
      report(.connectionValue, field, .tooLong, &request)
    } else if !request.inline.keep(token, of: envelope, as: part) {
      report(.connectionValue, field, .unsendable, &request)
    }
  }

  /// Each must be one that can be sent. Of the two plain ones the generic one counts, which takes
  /// the place of the other.
  private mutating func readKeys(
    _ values: EnvelopeFields, _ envelope: Span<UInt8>, _ request: inout ExecuteRequest
  ) {
    readToken(.apiKey, values, envelope, &request)
    readToken(.genericAPIKey, values, envelope, &request)
    readToken(.bearerToken, values, as: .bearerToken, envelope, &request)
    readToken(.basicEncoded, values, as: .basicEncoded, envelope, &request)
    let fields: [EnvelopeField] = [.genericAPIKey, .apiKey, .bearerToken, .basicEncoded]
    if fields.allSatisfy({ values[$0] == nil }) {
      report(.connectionValue, nil, .needsKey, &request)
    }
  }

  private mutating func readPair(
    _ values: EnvelopeFields, _ envelope: Span<UInt8>, _ request: inout ExecuteRequest
  ) {
    let name = string(.username, of: values, .connectionValue, isRequired: true, &request)
    let password = string(.password, of: values, .connectionValue, &request)
    guard let name else { return }
    if name.count + (password?.count ?? 0) > headerBytesMax {
      report(.connectionValue, .username, .tooLong, &request)
      return
    }
    let (isName, isPassword) = request.inline.keep(name: name, password: password, of: envelope)
    if !isName { report(.connectionValue, .username, .unsendableName, &request) }
    if !isPassword { report(.connectionValue, .password, .unsendable, &request) }
  }
}
