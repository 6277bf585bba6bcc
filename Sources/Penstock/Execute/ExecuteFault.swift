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
  case base64TooLarge
  case tooManyParameters
  case parametersTooLarge
  case invalidHeaderName
  case invalidHeaderValue
  case reservedHeader
  case authSchemeUnsupported
}
