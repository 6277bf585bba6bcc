/// One row of the error table: all that is said of an error, anywhere.
public struct ErrorRow: Sendable {
  /// Stable, for programs: the first digit is the group.
  public let code: Int
  public let slug: StaticString
  public let status: Int
  public let side: Side
  let phase: Phase
  /// The error type of RFC 9209 §2.3.
  public let proxyStatus: StaticString
  /// Trying the same again can help.
  public let isTransient: Bool
  /// The bytes behind it cannot be trusted or are not wanted: the connection ends with the answer.
  let closes: Bool
  public let message: StaticString
  public let fix: StaticString
}

extension PenstockError {
  public var row: ErrorRow { ErrorTable.rows[rawValue] }
}

/// The one table of errors, in the order of `PenstockError`.
enum ErrorTable {
  static let rows: [ErrorRow] = PenstockError.allCases.map(row)

  private static func row(_ error: PenstockError) -> ErrorRow {
    switch error.rawValue {
    case ...PenstockError.notFound.rawValue: requestRow(error)
    case ...PenstockError.accountConcurrencyLimit.rawValue: callerRow(error)
    case ...PenstockError.authSchemeUnsupported.rawValue: envelopeRow(error)
    case ...PenstockError.rangeNotSatisfiable.rawValue: extraRow(error)
    case ...PenstockError.destinationNotAllowed.rawValue: destinationRow(error)
    case ...PenstockError.internalError.rawValue: internalRow(error)
    case ...PenstockError.upstreamTLSTimeout.rawValue: dialRow(error)
    default: upstreamRow(error)
    }
  }

  // MARK: Rows of one group share most of what they say

  static func downstream(
    _ code: Int, _ slug: StaticString, _ status: Int, _ message: StaticString, _ fix: StaticString,
    phase: Phase = .receive, closes: Bool = false, isTransient: Bool = false,
    proxyStatus: StaticString = "http_request_error"
  ) -> ErrorRow {
    ErrorRow(
      code: code, slug: slug, status: status, side: .downstream, phase: phase,
      proxyStatus: proxyStatus, isTransient: isTransient, closes: closes, message: message,
      fix: fix)
  }

  static func upstream(
    _ code: Int, _ slug: StaticString, _ status: Int, _ phase: Phase, _ proxyStatus: StaticString,
    _ message: StaticString, _ fix: StaticString, isTransient: Bool = true
  ) -> ErrorRow {
    ErrorRow(
      code: code, slug: slug, status: status, side: .upstream, phase: phase,
      proxyStatus: proxyStatus, isTransient: isTransient, closes: false, message: message, fix: fix)
  }

  private static func requestRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .requestTimeout:
      downstream(
        1001, "request_timeout", 408, "The request did not arrive in time.",
        "Send the whole request without long pauses.", closes: true, isTransient: true)
    case .bodyTooLarge:
      downstream(
        1002, "body_too_large", 413, "The request body is larger than the limit.",
        "Send a smaller body, or use the streaming route /proxy/.", closes: true)
    case .uriTooLong:
      downstream(
        1003, "uri_too_long", 414, "The request target is longer than the limit.",
        "Shorten the path or the query.", closes: true)
    case .expectationFailed:
      downstream(
        1004, "expectation_failed", 417, "Only the expectation 100-continue is known.",
        "Send Expect: 100-continue, or no Expect field.", closes: true)
    case .headersTooLarge:
      downstream(
        1005, "headers_too_large", 431, "The header fields are larger than the limit.",
        "Send fewer or smaller header fields.", closes: true)
    case .notImplemented:
      downstream(
        1006, "not_implemented", 501, "The method or transfer coding is not implemented.",
        "Use a known method, and chunked as the only transfer coding.", closes: true)
    case .versionNotSupported:
      downstream(
        1007, "http_version_not_supported", 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.",
        "Use HTTP/1.1.", closes: true)
    case .tooManyConnections:
      downstream(
        1010, "too_many_connections", 429, "This address has as many connections as it may have.",
        "Close some, or raise limits.connections_per_address.", closes: true, isTransient: true,
        proxyStatus: "connection_limit_reached")
    case .methodNotAllowed:
      downstream(
        1008, "method_not_allowed", 405, "The method is not allowed here.",
        "Use one of the methods in Allow.")
    case .notFound:
      downstream(
        1009, "not_found", 404, "There is nothing at this path.",
        "Check the path against the documentation.")
    default:
      downstream(
        1000, "malformed_request", 400, "The request is not well-formed HTTP/1.1.",
        "Check the request line, the header fields and the framing of the body.", closes: true)
    }
  }

  private static func callerRow(_ error: PenstockError) -> ErrorRow {
    let denied: StaticString = "http_request_denied"
    return switch error {
    case .accountNotFound:
      downstream(
        2001, "connected_account_not_found", 404,
        "There is no such connected account, or this API key may not use it.",
        "Check connected_account_id and the accounts of the API key.", phase: .authorize,
        proxyStatus: denied)
    case .accountDisabled:
      downstream(
        2002, "account_disabled", 422, "The connected account is disabled.",
        "Enable the account in the configuration.", phase: .authorize, proxyStatus: denied)
    case .missingAuthContext:
      downstream(
        2003, "MissingAuthContext", 400, "The request names no connected account.",
        "Send connected_account_id, or give the API key a default_account.", phase: .authorize)
    case .endpointRetired:
      downstream(
        2004, "endpoint_retired", 410, "Version 3 of this endpoint is retired.",
        "Call /api/v3.1/tools/execute/proxy.", phase: .authorize, proxyStatus: denied)
    case .ruleDenied:
      downstream(
        2005, "rule_denied", 403, "A rule of the API key or of the account denies the request.",
        "Use a method and a path that the rules allow.", phase: .authorize, proxyStatus: denied)
    case .toolkitNotFound:
      downstream(
        2006, "toolkit_not_found", 404,
        "There is no such toolkit, or this API key may not use its account.",
        "Check the toolkit's slug and execute.toolkits in the configuration.", phase: .authorize,
        proxyStatus: denied)
    case .rateLimited:
      downstream(
        2007, "rate_limited", 429, "The rate of the API key or of the account is used up.",
        "Try again after Retry-After.", phase: .authorize, isTransient: true, proxyStatus: denied)
    case .accountConcurrencyLimit:
      downstream(
        2008, "account_concurrency_limit", 429,
        "The account has as many requests in flight as it may have.",
        "Try again after Retry-After, or raise the account's in_flight.", phase: .authorize,
        isTransient: true, proxyStatus: "connection_limit_reached")
    default:
      downstream(
        2000, "unauthorized", 401, "The API key is missing or not valid.",
        "Send a valid API key in x-api-key.", phase: .authorize, proxyStatus: denied)
    }
  }

  private static func envelopeRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .invalidJSON:
      downstream(
        3000, "invalid_json", 400, "The body is not one JSON object.",
        "Send one well-formed JSON object in UTF-8.")
    case .duplicateKey:
      downstream(
        3002, "duplicate_key", 400, "A key stands twice in one object.", "Send each key once.")
    case .invalidMethod:
      downstream(
        3003, "invalid_method", 400, "The method is not one that can be called.",
        "Use GET, POST, PUT, DELETE, PATCH or HEAD.")
    case .conflictingBody:
      downstream(
        3004, "conflicting_body", 400, "The request has more than one body.",
        "Send body, or binary_body with one of url and base64.")
    case .bodyNotAllowed:
      downstream(
        3005, "body_not_allowed", 400, "A body is not allowed with this method.",
        "Leave out the body, or use another method.")
    case .invalidContentType:
      downstream(
        3006, "invalid_content_type", 400, "The content type is not a media type.",
        "Send type/subtype, as application/pdf.")
    case .invalidBase64:
      downstream(
        3007, "invalid_base64", 400, "The binary body is not base64 of RFC 4648.",
        "Use the standard alphabet with padding and without white space.")
    case .base64TooLarge:
      downstream(
        3033, "base64_too_large", 413, "The binary body decodes to more bytes than the limit.",
        "Send a smaller body, or send binary_body.url.")
    case .tooManyParameters:
      downstream(
        3008, "too_many_parameters", 400, "There are more parameters than the limit.",
        "Send fewer parameters.")
    case .parametersTooLarge:
      downstream(
        3009, "parameters_too_large", 400, "The parameters are larger than the limit.",
        "Send smaller parameters.")
    default: parameterRow(error)
    }
  }

  private static func parameterRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .invalidHeaderName:
      downstream(
        3010, "invalid_header_name", 400, "A header parameter's name is not a field name.",
        "Use letters, digits and hyphens.")
    case .invalidHeaderValue:
      downstream(
        3011, "invalid_header_value", 400, "A header parameter's value holds a control character.",
        "Leave out line breaks and control characters.")
    case .reservedHeader:
      downstream(
        3012, "reserved_header", 400, "A header parameter names a field that Penstock sets.",
        "Leave it out: credentials, framing and forwarding fields are Penstock's.")
    case .reservedParameter:
      downstream(
        3013, "reserved_parameter", 400, "A query parameter names the account's credential.",
        "Leave it out: Penstock adds the credential.")
    default: contentRow(error)
    }
  }

  private static func contentRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .unsupportedMediaType:
      downstream(
        3014, "unsupported_media_type", 415, "The body is not sent as JSON.",
        "Send Content-Type: application/json.")
    case .unsupportedEncoding:
      downstream(
        3015, "unsupported_encoding", 415, "The body's content coding is not supported.",
        "Send the body plain, or in one of the codings in Accept-Encoding.")
    case .badEncoding:
      downstream(
        3019, "bad_encoding", 400, "The body is not what its Content-Encoding says.",
        "Send the whole body in the coding that Content-Encoding names.", closes: true)
    case .decompressionLimit:
      downstream(
        3020, "decompression_limit", 413, "The body expands more than the limits allow.",
        "Send a body that expands less, or send it plain.", closes: true)
    case .binaryAnswerUnsupported:
      ErrorRow(
        code: 3017, slug: "binary_answer_unsupported", status: 501, side: .internal,
        phase: .respond, proxyStatus: "proxy_internal_response", isTransient: false, closes: false,
        message: "The upstream answered with binary data, and there is no directory to keep it in.",
        fix: "Set files.directory, or use the streaming route /proxy/.")
    case .customConnectionDataOff:
      downstream(
        3018, "custom_connection_data_off", 501, "Inline credentials are turned off.",
        "Name a connected account instead.", phase: .authorize,
        proxyStatus: "http_request_denied")
    case .authSchemeUnsupported:
      downstream(
        3021, "auth_scheme_unsupported", 501, "The authScheme is not one that is supported.",
        "Use OAUTH2, BEARER_TOKEN, API_KEY, BASIC or NO_AUTH, or a connected account.",
        phase: .authorize, proxyStatus: "http_request_denied")
    default:
      downstream(
        3001, "validation_error", 400, "The request is not valid.",
        "Correct the fields that errors names.")
    }
  }

  private static func destinationRow(_ error: PenstockError) -> ErrorRow {
    let denied: StaticString = "http_request_denied"
    return switch error {
    case .endpointTooLong:
      downstream(
        4001, "endpoint_too_long", 400, "The endpoint is longer than the limit.",
        "Shorten the path or the query.", phase: .authorize)
    case .dotSegments:
      downstream(
        4002, "dot_segments", 400, "The path holds a dot segment, encoded or not.",
        "Send the path that is meant, without . and .. segments.", phase: .authorize,
        proxyStatus: denied)
    case .userinfoNotAllowed:
      downstream(
        4003, "userinfo_not_allowed", 400, "The endpoint holds a user name.",
        "Leave out everything before @.", phase: .authorize, proxyStatus: denied)
    case .invalidScheme:
      downstream(
        4004, "invalid_scheme", 400, "The endpoint's scheme is not http or https.",
        "Use https, or a path.", phase: .authorize, proxyStatus: denied)
    case .originMismatch:
      downstream(
        4005, "OriginMismatch", 400, "The endpoint is not on a host of this account.",
        "Use a host of the account's base_url or allowed_hosts.", phase: .authorize,
        proxyStatus: denied)
    case .destinationNotAllowed:
      downstream(
        4006, "destination_not_allowed", 403, "The destination's address may not be reached.",
        "Private addresses need allow_private in the account's configuration.", phase: .connect,
        proxyStatus: "destination_ip_prohibited")
    default:
      downstream(
        4000, "invalid_endpoint", 400, "The endpoint is not a path or an absolute URL.",
        "Send a path that begins with one slash, or https://host/path.", phase: .authorize)
    }
  }

  private static func internalRow(_ error: PenstockError) -> ErrorRow {
    func row(
      _ code: Int, _ slug: StaticString, _ status: Int, _ phase: Phase,
      _ proxyStatus: StaticString, _ message: StaticString, _ fix: StaticString,
      isTransient: Bool = true, closes: Bool = false
    ) -> ErrorRow {
      ErrorRow(
        code: code, slug: slug, status: status, side: .internal, phase: phase,
        proxyStatus: proxyStatus, isTransient: isTransient, closes: closes, message: message,
        fix: fix)
    }
    return switch error {
    case .overloaded:
      row(
        5001, "overloaded", 503, .queue, "connection_limit_reached",
        "Penstock has reached a limit of its own.", "Try again after Retry-After.", closes: true)
    case .draining:
      row(
        5002, "draining", 503, .receive, "proxy_internal_response",
        "Penstock is shutting down.", "Try again; another instance will answer.", closes: true)
    case .resourceExhausted:
      row(
        5003, "local_resource_exhausted", 503, .connect, "proxy_internal_error",
        "Penstock has run out of descriptors, ports or memory.", "Try again after Retry-After.")
    case .spoolUnavailable:
      row(
        5004, "spool_unavailable", 503, .receive, "proxy_internal_error",
        "Penstock has no room on its disk for the body.", "Try again after Retry-After.")
    default:
      row(
        5000, "internal_error", 500, .respond, "proxy_internal_error",
        "Penstock failed.", "Report the request_id to whoever runs Penstock.", isTransient: false,
        closes: true)
    }
  }
}
