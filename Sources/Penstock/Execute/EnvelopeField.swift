import Wire

/// The names that Penstock reads in an envelope, in its `binary_body`, its `parameters` and its
/// `custom_connection_data`.
enum EnvelopeField: Int, CaseIterable {
  case endpoint, method, connectedAccountID, userID, body, binaryBody, parameters
  case customConnectionData, toolkitSlug
  case name, value, type, `in`
  case url, base64, contentType
  case authScheme, connectionToolkit, val
  case accessToken, token, genericAPIKey, apiKey, bearerToken, basicEncoded, username, password

  var name: StaticString {
    switch self {
    case .endpoint: "endpoint"
    case .method: "method"
    case .connectedAccountID: "connected_account_id"
    case .userID: "user_id"
    case .body: "body"
    case .binaryBody: "binary_body"
    case .parameters: "parameters"
    case .customConnectionData: "custom_connection_data"
    case .toolkitSlug: "toolkit_slug"
    case .name: "name"
    case .value: "value"
    case .type: "type"
    case .in: "in"
    case .url: "url"
    case .base64: "base64"
    case .contentType: "content_type"
    case .authScheme: "authScheme"
    case .connectionToolkit: "toolkitSlug"
    case .val: "val"
    case .accessToken: "access_token"
    case .token: "token"
    case .genericAPIKey: "generic_api_key"
    case .apiKey: "api_key"
    case .bearerToken: "bearer_token"
    case .basicEncoded: "basic_encoded"
    case .username: "username"
    case .password: "password"
    }
  }

  init?(_ key: JSONSlice, in envelope: Span<UInt8>) {
    for rawValue in 0..<Self.count {
      guard let field = Self(rawValue: rawValue) else { continue }
      if key.equals(field.name, in: envelope) {
        self = field
        return
      }
    }
    return nil
  }

  static let count = 27
}
