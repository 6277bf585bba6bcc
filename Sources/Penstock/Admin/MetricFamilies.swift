import Telemetry

/// Every metric of the data plane: name, kind, meaning. Their labels are closed sets or come from
/// the configuration, never from a request.
enum MetricFamilies {
  static let requests = MetricFamily(
    "penstock_requests_total", .counter, "Requests answered, by the status that the client got.")
  static let upstreamResponses = MetricFamily(
    "penstock_upstream_responses_total", .counter, "Responses that upstreams gave, by status.")
  static let requestDuration = MetricFamily(
    "penstock_request_duration_seconds", .histogram,
    "Time from a request's first byte to the last byte of its answer.")
  static let upstreamTTFB = MetricFamily(
    "penstock_upstream_ttfb_seconds", .histogram,
    "Time that an upstream took from the sent request to the first byte of its answer.")
  static let upstreamConnect = MetricFamily(
    "penstock_upstream_connect_seconds", .histogram,
    "Time that dialling an upstream took, TLS included.")
  static let upstreamPhase = MetricFamily(
    "penstock_upstream_phase_seconds", .histogram,
    "Time that requests spent in each phase on the side of their upstream.")
  static let upstreamRequests = MetricFamily(
    "penstock_upstream_requests_total", .counter,
    "Requests sent upstream, by whether their connection had been used before.")
  static let retries = MetricFamily(
    "penstock_retries_total", .counter,
    "Requests sent upstream again because a pooled connection had closed.")
  static let idempotentReplays = MetricFamily(
    "penstock_idempotent_replays_total", .counter,
    "Calls answered with what an earlier call of the same Idempotency-Key came to.")
  static let requestsQueued = MetricFamily(
    "penstock_upstream_requests_queued", .gauge,
    "Requests that wait for a connection, because there may be no more of them.")
  static let dialsInFlight = MetricFamily(
    "penstock_dials_in_flight", .gauge, "Upstream connections that are being made.")
  static let tlsHandshakes = MetricFamily(
    "penstock_upstream_tls_handshakes_total", .counter,
    "TLS handshakes with upstreams, by whether they resumed a session.")
  static let codingInput = MetricFamily(
    "penstock_compression_input_bytes_total", .counter,
    "Bytes of bodies that were compressed (encode) or decompressed (decode), before it.")
  static let codingOutput = MetricFamily(
    "penstock_compression_output_bytes_total", .counter,
    "Bytes of bodies that were compressed (encode) or decompressed (decode), after it.")
  static let bufferedBytes = MetricFamily(
    "penstock_buffered_bytes", .gauge, "Memory of the buffers that are in use.")
  static let eventLoopTurns = MetricFamily(
    "penstock_event_loop_turns_total", .counter, "Turns that event loops have taken.")
  static let allocatorBytes = MetricFamily(
    "penstock_allocator_bytes", .gauge, "Memory that the allocator has lent, and holds free.")
  static let accountsFolded = MetricFamily(
    "penstock_accounts_folded", .gauge,
    "Accounts that were used and share the label other, for there were too many before them.")
  static let configInfo = MetricFamily(
    "penstock_config_info", .gauge,
    "Always 1; its label is the digest of the configuration's text without its secrets.")
  static let proxyAdded = MetricFamily(
    "penstock_proxy_added_seconds", .histogram, "Time that Penstock itself added to a request.")
  static let eventLoopLag = MetricFamily(
    "penstock_event_loop_lag_seconds", .histogram,
    "Time that a turn of an event loop took, for which others had to wait.")
  static let requestBytes = MetricFamily(
    "penstock_request_bytes_total", .counter, "Bytes received from clients.")
  static let responseBytes = MetricFamily(
    "penstock_response_bytes_total", .counter, "Bytes sent to clients.")
  static let requestsInFlight = MetricFamily(
    "penstock_requests_in_flight", .gauge, "Requests begun and not yet ended.")
  static let connections = MetricFamily(
    "penstock_connections", .gauge, "Open connections, by side and state.")
  static let connectionsClosed = MetricFamily(
    "penstock_connections_closed_total", .counter, "Client connections closed, by reason.")
  static let errors = MetricFamily(
    "penstock_errors_total", .counter, "Requests that failed, by error and by the side at fault.")
  static let ruleDenials = MetricFamily(
    "penstock_rule_denials_total", .counter,
    "Requests that rules denied, or would have denied without observe.")
  static let rateDenials = MetricFamily(
    "penstock_rate_denials_total", .counter,
    "Requests over the rate of a key or an account, refused, or let pass by observe.")
  static let limit = MetricFamily(
    "penstock_limit", .gauge, "Configured limits, in their own units; 0 is none.")
  static let limitHits = MetricFamily(
    "penstock_limit_hits_total", .counter, "Times that a limit was hit.")
  static let logLinesDropped = MetricFamily(
    "penstock_log_lines_dropped_total", .counter,
    "Log lines lost because the log could not be written.")
  static let files = MetricFamily(
    "penstock_files", .gauge, "Binary results that wait for their download.")
  static let fileBytes = MetricFamily(
    "penstock_file_bytes", .gauge, "Bytes of binary results that wait for their download.")
  static let filesFree = MetricFamily(
    "penstock_files_free_bytes", .gauge, "Free bytes of the disk that binary results are on.")
  static let filesExpired = MetricFamily(
    "penstock_files_expired_total", .counter, "Binary results removed when their time was over.")
  static let spoolErrors = MetricFamily(
    "penstock_spool_errors_total", .counter,
    "Binary results that could not be written or read, by reason.")
  static let configReloadSuccessful = MetricFamily(
    "penstock_config_last_reload_successful", .gauge,
    "Whether the last load of the configuration worked.")
  static let configReloadTimestamp = MetricFamily(
    "penstock_config_last_reload_timestamp_seconds", .gauge,
    "When the configuration was last loaded with success, in seconds since 1970.")
  static let buildInfo = MetricFamily(
    "penstock_build_info", .gauge, "Always 1; its label says which version runs.")
}
