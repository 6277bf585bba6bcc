import Wire

/// What an envelope's `custom_connection_data` may say that its credential is: the names of the
/// published reference, of which the first five are supported.
enum AuthScheme: UInt8, CaseIterable {
  case oauth2, bearerToken, apiKey, basic, noAuth
  case oauth1, dcrOAuth, s2sOAuth2, basicWithJWT, serviceAccount, googleServiceAccount
  case billcomAuth, calcomAuth, saml

  var isSupported: Bool { rawValue <= Self.noAuth.rawValue }

  var name: StaticString {
    switch self {
    case .oauth2: "OAUTH2"
    case .bearerToken: "BEARER_TOKEN"
    case .apiKey: "API_KEY"
    case .basic: "BASIC"
    case .noAuth: "NO_AUTH"
    case .oauth1: "OAUTH1"
    case .dcrOAuth: "DCR_OAUTH"
    case .s2sOAuth2: "S2S_OAUTH2"
    case .basicWithJWT: "BASIC_WITH_JWT"
    case .serviceAccount: "SERVICE_ACCOUNT"
    case .googleServiceAccount: "GOOGLE_SERVICE_ACCOUNT"
    case .billcomAuth: "BILLCOM_AUTH"
    case .calcomAuth: "CALCOM_AUTH"
    case .saml: "SAML"
    }
  }

  /// Nil for a name that the reference does not have.
  init?(_ value: JSONSlice, in envelope: Span<UInt8>) {
    for scheme in Self.allCases where value.equals(scheme.name, in: envelope) {
      self = scheme
      return
    }
    return nil
  }
}
