import Wire

/// One line of an error's `errors`: a field of the envelope and what is wrong with it.
///
/// It names fields only, never what stood in them: a value may be a secret or a script.
struct FieldProblem: Equatable {
  enum Place: Equatable {
    case envelope, binaryBody
    case parameter(Int)
  }

  enum Deed: Equatable {
    case missing, notAString, notAnObject, notAnArray, tooManyMembers
    case unknownMethod
    case neitherHeaderNorQuery, contradictory, empty, controlCharacter
    case malformedName, malformedValue, reserved, repeated
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
    case .parameter(let index):
      target.append("parameters[")
      target.append(decimal: index)
      target.append(field == nil ? "]" : "].")
    }
    if let field { target.append(field.name) }
    target.append(0x20)
    target.append(text)
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
    case .needsOneSource: "must have one of url and base64"
    case .besideBody: "must not stand beside body"
    case .withMethodWithoutBody: "is not allowed with GET or HEAD"
    case .malformedMediaType: "is not a media type"
    case .malformedBase64: "is not padded base64 of RFC 4648"
    }
  }
}
