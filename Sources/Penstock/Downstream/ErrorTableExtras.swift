/// The rows of what stands beside a plain call: repeated requests, bodies that are fetched, and
/// links to binary results.
extension ErrorTable {
  static func extraRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .invalidIdempotencyKey:
      downstream(
        3022, "invalid_idempotency_key", 400, "The Idempotency-Key is not one that can be kept.",
        "Send 1 to 255 visible ASCII characters, once.")
    case .idempotencyKeyReused:
      downstream(
        3023, "idempotency_key_reused", 422,
        "The Idempotency-Key was used before, with another request.",
        "Use a new Idempotency-Key for each request that is not a repetition.")
    case .replayUnavailable:
      downstream(
        3024, "idempotent_replay_unavailable", 409,
        "The request was carried out before, and its answer was not kept.",
        "Look at the third party what became of it; use a new Idempotency-Key to do it again.")
    case .invalidSignature:
      downstream(
        3030, "invalid_signature", 403, "The link's signature is not valid.",
        "Use the link exactly as it was given.", phase: .authorize,
        proxyStatus: "http_request_denied")
    case .linkExpired:
      downstream(
        3031, "link_expired", 410, "The link has expired.",
        "Call the endpoint again for a new link.", phase: .authorize,
        proxyStatus: "http_request_denied")
    case .rangeNotSatisfiable:
      downstream(
        3032, "range_not_satisfiable", 416, "The range begins behind the file's end.",
        "Ask for a range within the size in Content-Range.", phase: .respond)
    default: fetchRow(error)
    }
  }

  private static func fetchRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .binaryURLRefused:
      downstream(
        3026, "binary_url_refused", 400, "The server of binary_body.url did not give the body.",
        "Send a URL that answers 200 without redirects, credentials or a content coding.")
    case .binaryURLFailed:
      upstream(
        3027, "binary_url_failed", 502, .receive, "destination_unavailable",
        "The body at binary_body.url could not be fetched.",
        "Check that the URL's server can be reached, and try again.")
    case .binaryURLTimeout:
      upstream(
        3028, "binary_url_timeout", 504, .receive, "connection_timeout",
        "The body at binary_body.url was not fetched in time.",
        "Check that the URL's server is fast enough.")
    case .binaryURLTooLarge:
      downstream(
        3029, "binary_url_too_large", 413, "The body at binary_body.url is larger than the limit.",
        "Send a smaller body, or raise limits.binary_body_bytes.")
    default:
      downstream(
        3025, "invalid_binary_url", 400, "The URL of binary_body is not an absolute one.",
        "Send https://host/path, without a user name or a fragment.")
    }
  }
}
