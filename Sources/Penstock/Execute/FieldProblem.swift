import Wire

/// One line of an error's `errors`: a field of the envelope and what is wrong with it.
///
/// It names fields only, never what stood in them: a value may be a secret or a script.
struct FieldProblem: Equatable {
  enum Place: Equatable {
    case envelope, binaryBody
    /// `custom_connection_data`, and its `val`.
    case connection, connectionValue
    case parameter(Int)
  }

  enum Deed: Equatable {
    case missing, notAString, notAnObject, notAnArray, tooManyMembers
    case unknownMethod
    case neitherHeaderNorQuery, contradictory, empty, controlCharacter
    case malformedName, malformedValue, reserved, repeated
    case unknownScheme, besideAccount, otherToolkit, tooLong, unsendable, unsendableName
    case needsKey, unfit
    /// One of the reference's own names, so that nothing of a caller's is told back.
    case unsupportedScheme(AuthScheme)
    case needsOneSource, besideBody, withMethodWithoutBody, malformedMediaType, malformedBase64
  }

  let place: Place
  /// nil where the whole of the place is meant.
  let field: EnvelopeField?
  let deed: Deed

  func write(into target: inout ByteBuffer) {
    switch place {
    case .envelope:
      if field == nil { target.append("the envelope") }
    case .binaryBody:
      target.append(field == nil ? "binary_body" : "binary_body.")
    case .connection:
      target.append(field == nil ? "custom_connection_data" : "custom_connection_data.")
    case .connectionValue:
      target.append(field == nil ? "custom_connection_data.val" : "custom_connection_data.val.")
    case .parameter(let index):
      target.append("parameters[")
      target.append(decimal: index)
      target.append(field == nil ? "]" : "].")
    }
    if let field { target.append(field.name) }
    target.append(0x20)
    target.append(text)
    if case .unsupportedScheme(let scheme) = deed { target.append(scheme.name) }
  }

  private var text: StaticString {
    switch deed {
    case .missing: "is required"
    case .notAString: "must be a string"
    case .notAnObject: "must be an object"
    case .notAnArray: "must be an array"
    case .tooManyMembers: "has too many members"
    case .unknownMethod: "must be GET, POST, PUT, DELETE, PATCH or HEAD"
    case .neitherHeaderNorQuery: "must be header or query"
    case .contradictory: "contradicts in"
    case .empty: "must not be empty"
    case .controlCharacter: "must not contain CR, LF or NUL"
    case .malformedName: "is not a header name"
    case .malformedValue: "must not contain control characters"
    case .reserved: "is a header that Penstock sets itself"
    case .repeated: "repeats Content-Type"
    case .unknownScheme: "must be OAUTH2, BEARER_TOKEN, API_KEY, BASIC or NO_AUTH"
    case .unsupportedScheme: "must be OAUTH2, BEARER_TOKEN, API_KEY, BASIC or NO_AUTH, not "
    case .besideAccount: "must not stand beside connected_account_id"
    case .otherToolkit: "contradicts toolkit_slug"
    case .tooLong: "is too long"
    case .unsendable: "must not be empty, nor contain control characters"
    case .unsendableName: "must not be empty, nor contain colons or control characters"
    case .needsKey: "needs generic_api_key, api_key, bearer_token or basic_encoded"
    case .unfit: "has no credential of the kind that the toolkit takes"
    case .needsOneSource: "must have one of url and base64"
    case .besideBody: "must not stand beside body"
    case .withMethodWithoutBody: "is not allowed with GET or HEAD"
    case .malformedMediaType: "is not a media type"
    case .malformedBase64: "is not padded base64 of RFC 4648"
    }
  }
}
