import Testing

@testable import Penstock

@Suite struct ErrorTableTests {
  private static let rows = PenstockError.allCases.map(\.row)

  @Test func `every error has a code and a slug of its own`() {
    #expect(Set(Self.rows.map(\.code)).count == Self.rows.count)
    #expect(Set(Self.rows.map { "\($0.slug) \($0.side)" }).count == Self.rows.count)
  }

  @Test(arguments: PenstockError.allCases)
  func `every error says what happened and what to do`(error: PenstockError) {
    let message = "\(error.row.message)"
    let fix = "\(error.row.fix)"
    for sentence in [message, fix] {
      #expect(sentence.hasSuffix("."))
      #expect(sentence.first?.isUppercase == true)
      #expect(!sentence.contains("  "))
      #expect(sentence.utf8.allSatisfy { 0x20...0x7e ~= $0 && $0 != 0x22 && $0 != 0x5c })
    }
    #expect(message != fix)
  }

  @Test(arguments: PenstockError.allCases)
  func `slugs are in snake case, but for the two that clients know`(error: PenstockError) {
    let slug = "\(error.row.slug)"
    if ["OriginMismatch", "MissingAuthContext"].contains(slug) { return }
    #expect(slug.utf8.allSatisfy { 0x61...0x7a ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x5f })
    #expect(!slug.hasPrefix("_") && !slug.hasSuffix("_") && !slug.contains("__"))
  }

  /// The catalogue's mapping, in the order of its rows.
  private static let statuses: [(String, Int)] = [
    ("malformed_request", 400), ("request_timeout", 408), ("body_too_large", 413),
    ("uri_too_long", 414), ("expectation_failed", 417), ("headers_too_large", 431),
    ("not_implemented", 501), ("http_version_not_supported", 505), ("method_not_allowed", 405),
    ("not_found", 404), ("unsupported_media_type", 415), ("endpoint_retired", 410),
    ("invalid_json", 400), ("validation_error", 400), ("duplicate_key", 400),
    ("invalid_endpoint", 400), ("invalid_method", 400), ("invalid_header_name", 400),
    ("invalid_header_value", 400), ("reserved_header", 400), ("reserved_parameter", 400),
    ("body_not_allowed", 400), ("conflicting_body", 400), ("invalid_base64", 400),
    ("invalid_content_type", 400), ("too_many_parameters", 400), ("endpoint_too_long", 400),
    ("dot_segments", 400), ("userinfo_not_allowed", 400), ("invalid_scheme", 400),
    ("OriginMismatch", 400), ("MissingAuthContext", 400), ("unauthorized", 401),
    ("connected_account_not_found", 404), ("account_disabled", 422),
    ("destination_not_allowed", 403), ("overloaded", 503), ("draining", 503),
    ("local_resource_exhausted", 503), ("internal_error", 500), ("upstream_dns_failed", 502),
    ("upstream_connect_failed", 502), ("upstream_dns_timeout", 504),
    ("upstream_connect_timeout", 504), ("upstream_tls_timeout", 504),
    ("upstream_write_timeout", 504), ("upstream_timeout", 504), ("upstream_too_slow", 504),
    ("upstream_tls_failed", 502), ("upstream_tls_untrusted", 502), ("upstream_closed", 502),
    ("upstream_reset", 502), ("upstream_truncated", 502), ("upstream_truncated_headers", 502),
    ("upstream_protocol_error", 502), ("upstream_headers_too_large", 502),
    ("upstream_unexpected_upgrade", 502), ("upstream_response_too_large", 502),
    ("client_aborted", 499), ("too_many_connections", 429),
    ("rate_limited", 429), ("account_concurrency_limit", 429),
    ("account_circuit_open", 503),
  ]

  @Test(arguments: statuses)
  func `a slug has the status of the catalogue`(slug: String, status: Int) throws {
    let row = try #require(Self.rows.first { "\($0.slug)" == slug })
    #expect(row.status == status)
  }

  @Test(arguments: PenstockError.allCases)
  func `status, side and phase of a row agree`(error: PenstockError) {
    let row = error.row
    switch row.side {
    case .downstream: #expect((400..<500).contains(row.status) || [501, 505].contains(row.status))
    case .internal: #expect((500..<600).contains(row.status))
    // An open breaker has asked nobody: 503, as whatever is not done for now.
    case .upstream: #expect([502, 504].contains(row.status) || error == .accountCircuitOpen)
    }
    let isFetch = "\(row.slug)".hasPrefix("binary_url_")
    if row.status == 504 { #expect("\(row.slug)".hasPrefix("upstream_") || isFetch) }
    if row.side == .upstream {
      let phases: [Phase] = [.dns, .connect, .tls, .send, .firstByte, .body]
      #expect(isFetch ? row.phase == .receive : phases.contains(row.phase))
    }
  }

  @Test(arguments: [400, 408, 413, 414, 417, 431, 501, 505])
  func `what cannot be read on ends the connection`(status: Int) {
    let slugs = [
      "malformed_request", "request_timeout", "body_too_large", "uri_too_long",
      "expectation_failed", "headers_too_large", "not_implemented", "http_version_not_supported",
    ]
    let rows = Self.rows.filter { $0.status == status && slugs.contains("\($0.slug)") }
    #expect(rows.count == 1)
    #expect(rows.allSatisfy { $0.closes })
  }

  /// No test can provoke it from outside.
  @Test func `an error of Penstock's own ends the connection and is not tried again`() {
    let row = PenstockError.internalError.row
    #expect(row.status == 500 && row.side == .internal)
    #expect(row.closes && !row.isTransient)
  }

  @Test(arguments: PenstockError.allCases)
  func `a refusal of what the caller wrote is no reason to try again`(error: PenstockError) {
    let row = error.row
    // Too slow, and too much: both pass.
    if row.side == .downstream { #expect(row.isTransient == [408, 429].contains(row.status)) }
  }

  @Test func `there is room for every error in the metrics`() {
    #expect(PenstockError.allCases.count <= MetricShard.errorsMax)
  }
}
