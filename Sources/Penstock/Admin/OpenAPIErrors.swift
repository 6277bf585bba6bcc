/// The answers of errors in the OpenAPI document. Their slugs are those of the error table, in
/// the order of their statuses.
enum OpenAPIErrors {
  static let all = [
    OpenAPIError(
      400, "BadRequest", "The request, its envelope or its endpoint is not valid.",
      slugs: [
        "malformed_request", "invalid_json", "validation_error", "duplicate_key",
        "invalid_method", "conflicting_body", "body_not_allowed", "invalid_content_type",
        "invalid_base64", "too_many_parameters", "parameters_too_large", "invalid_header_name",
        "invalid_header_value", "reserved_header", "reserved_parameter", "bad_encoding",
        "invalid_idempotency_key", "invalid_binary_url", "binary_url_refused",
        "invalid_endpoint", "endpoint_too_long", "dot_segments", "userinfo_not_allowed",
        "invalid_scheme", "OriginMismatch", "MissingAuthContext",
      ]),
    OpenAPIError(
      401, "Unauthorized", "The API key is missing or not valid.",
      slugs: ["unauthorized"], field: ("WWW-Authenticate", "Authenticate")),
    OpenAPIError(
      403, "Forbidden",
      "A rule forbids it, or the address of the destination is one that may not be reached.",
      slugs: ["rule_denied", "destination_not_allowed"]),
    OpenAPIError(
      403, "InvalidSignature", "The link is not one that Penstock has made.",
      slugs: ["invalid_signature"]),
    OpenAPIError(
      404, "NotFound", "There is no such account or toolkit for this API key.",
      slugs: ["connected_account_not_found", "toolkit_not_found", "not_found"]),
    OpenAPIError(
      404, "NothingHere", "There is nothing at this path.",
      slugs: ["not_found"]),
    OpenAPIError(
      405, "MethodNotAllowed", "The method is not served at this path.",
      slugs: ["method_not_allowed"], field: ("Allow", "Allow")),
    OpenAPIError(
      408, "RequestTimeout", "The request did not arrive in time.",
      slugs: ["request_timeout"]),
    OpenAPIError(
      409, "Conflict", "It was carried out before, and its answer was not kept.",
      slugs: ["idempotent_replay_unavailable"]),
    OpenAPIError(
      410, "EndpointRetired", "This path is not served to this API key any more.",
      slugs: ["endpoint_retired"]),
    OpenAPIError(
      410, "LinkExpired", "The link has expired.",
      slugs: ["link_expired"]),
    OpenAPIError(
      413, "ContentTooLarge", "A body is larger than the limits.",
      slugs: [
        "body_too_large", "base64_too_large", "decompression_limit", "binary_url_too_large",
      ]),
    OpenAPIError(
      414, "URITooLong", "The request target is too long.",
      slugs: ["uri_too_long"]),
    OpenAPIError(
      415, "UnsupportedMediaType", "The envelope is not JSON, or in an unknown content coding.",
      slugs: ["unsupported_media_type", "unsupported_encoding"],
      field: ("Accept-Encoding", "AcceptEncoding")),
    OpenAPIError(
      416, "RangeNotSatisfiable", "The range begins behind the file's end.",
      slugs: ["range_not_satisfiable"], field: ("Content-Range", "UnsatisfiedRange")),
    OpenAPIError(
      417, "ExpectationFailed", "The expectation is not 100-continue.",
      slugs: ["expectation_failed"]),
    OpenAPIError(
      422, "UnprocessableContent",
      "The state of the account, or of the idempotency key, forbids it.",
      slugs: ["account_disabled", "idempotency_key_reused"]),
    OpenAPIError(
      429, "TooManyRequests",
      "Too many for the rate of the API key or the account, at a time, or of one address.",
      slugs: ["rate_limited", "account_concurrency_limit", "too_many_connections"],
      field: ("Retry-After", "RetryAfter")),
    OpenAPIError(
      431, "HeadersTooLarge", "The header fields are too large.",
      slugs: ["headers_too_large"]),
    OpenAPIError(
      500, "InternalError", "Penstock failed.",
      slugs: ["internal_error"]),
    OpenAPIError(
      501, "NotImplemented", "It is turned off, or not there yet.",
      slugs: [
        "not_implemented", "binary_answer_unsupported", "custom_connection_data_off",
        "auth_scheme_unsupported",
      ]),
    OpenAPIError(
      502, "BadGateway", "The upstream could not be reached, or its answer could not be used.",
      slugs: [
        "upstream_dns_failed", "upstream_connect_failed", "upstream_tls_failed",
        "upstream_tls_untrusted", "upstream_closed", "upstream_reset", "upstream_truncated",
        "upstream_truncated_headers", "upstream_protocol_error", "upstream_headers_too_large",
        "upstream_unexpected_upgrade", "upstream_response_too_large", "upstream_broken_json",
        "upstream_broken_text", "bad_encoding", "decompression_limit", "binary_url_failed",
      ]),
    OpenAPIError(
      503, "ServiceUnavailable",
      "Penstock has reached a limit of its own, shuts down, or leaves the upstream alone.",
      slugs: [
        "overloaded", "draining", "local_resource_exhausted", "spool_unavailable",
        "account_circuit_open",
      ],
      field: ("Retry-After", "RetryAfter")),
    OpenAPIError(
      504, "GatewayTimeout",
      "The upstream was too slow. The message and `errors` name the phase that took longest.",
      slugs: [
        "upstream_dns_timeout", "upstream_connect_timeout", "upstream_tls_timeout",
        "upstream_write_timeout", "upstream_timeout", "upstream_too_slow", "binary_url_timeout",
      ]),
    OpenAPIError(
      505, "VersionNotSupported", "It is neither HTTP/1.1 nor HTTP/1.0.",
      slugs: ["http_version_not_supported"]),
  ]
}
