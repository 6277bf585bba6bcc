/// What is wrong with an envelope. Where it is, the request's `problems` say.
enum ExecuteFault: Error, Equatable {
  case invalidJSON
  case duplicateKey
  case validationError
  case invalidMethod
  case conflictingBody
  case bodyNotAllowed
  case invalidContentType
  case invalidBase64
  case tooManyParameters
  case parametersTooLarge
  case invalidHeaderName
  case invalidHeaderValue
  case reservedHeader

  var slug: StaticString {
    switch self {
    case .invalidJSON: "invalid_json"
    case .duplicateKey: "duplicate_key"
    case .validationError: "validation_error"
    case .invalidMethod: "invalid_method"
    case .conflictingBody: "conflicting_body"
    case .bodyNotAllowed: "body_not_allowed"
    case .invalidContentType: "invalid_content_type"
    case .invalidBase64: "invalid_base64"
    case .tooManyParameters: "too_many_parameters"
    case .parametersTooLarge: "parameters_too_large"
    case .invalidHeaderName: "invalid_header_name"
    case .invalidHeaderValue: "invalid_header_value"
    case .reservedHeader: "reserved_header"
    }
  }
}
