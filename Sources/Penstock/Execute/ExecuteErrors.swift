extension PenstockError {
  /// The row of what is wrong with an envelope.
  init(_ fault: ExecuteFault) {
    self =
      switch fault {
      case .invalidJSON: .invalidJSON
      case .duplicateKey: .duplicateKey
      case .validationError: .validationError
      case .invalidMethod: .invalidMethod
      case .conflictingBody: .conflictingBody
      case .bodyNotAllowed: .bodyNotAllowed
      case .invalidContentType: .invalidContentType
      case .invalidBase64: .invalidBase64
      case .base64TooLarge: .base64TooLarge
      case .tooManyParameters: .tooManyParameters
      case .parametersTooLarge: .parametersTooLarge
      case .invalidHeaderName: .invalidHeaderName
      case .invalidHeaderValue: .invalidHeaderValue
      case .reservedHeader: .reservedHeader
      case .authSchemeUnsupported: .authSchemeUnsupported
      }
  }
}
