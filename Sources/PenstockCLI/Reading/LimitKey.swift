import Penstock

/// One key of `limits:`, and the property that it sets.
struct LimitKey: Sendable {
  enum Unit {
    case count, bytes, milliseconds
  }

  let name: String
  let unit: Unit
  let range: ClosedRange<Int>
  let property: any WritableKeyPath<Limits, Int> & Sendable
  /// Accepted, and of no effect before its feature is there.
  let isLater: Bool

  private init(
    _ name: String, _ property: any WritableKeyPath<Limits, Int> & Sendable, _ unit: Unit = .count,
    _ range: ClosedRange<Int>, isLater: Bool = false
  ) {
    self.name = name
    self.unit = unit
    self.range = range
    self.property = property
    self.isLater = isLater
  }

  private static let gibibyte = 1 << 30
  private static let day = 86_400_000

  static let all =
    request + connection + execute + upstream + buffers + log + codings + binary

  private static let request = [
    LimitKey("uri_bytes", \.uriBytes, .bytes, 256...1 << 20),
    LimitKey("header_bytes", \.headerBytes, .bytes, 1024...1 << 20),
    LimitKey("headers", \.headers, .count, 16...10_000),
    LimitKey("header_name_bytes", \.headerNameBytes, .bytes, 64...1 << 16),
    LimitKey("header_value_bytes", \.headerValueBytes, .bytes, 256...1 << 20),
    LimitKey("trailer_bytes", \.trailerBytes, .bytes, 0...1 << 20),
    LimitKey("chunk_extension_bytes", \.chunkExtensionBytes, .bytes, 0...1 << 20),
    LimitKey("method_bytes", \.methodBytes, .bytes, 7...256),
  ]
  private static let connection = [
    LimitKey("connections", \.connections, .count, 1...1_000_000),
    LimitKey("connections_per_address", \.connectionsPerAddress, .count, 0...1_000_000),
    LimitKey("pipeline_depth", \.pipelineDepth, .count, 1...1024, isLater: true),
    LimitKey("keepalive_requests", \.keepaliveRequests, .count, 1...1_000_000_000),
    LimitKey("keepalive_age", \.keepaliveAgeMilliseconds, .milliseconds, 1000...30 * day),
    LimitKey("lingering_bytes", \.lingeringBytes, .bytes, 0...gibibyte),
    LimitKey("lingering_time", \.lingeringTimeMilliseconds, .milliseconds, 0...60_000),
  ]
  private static let execute = [
    LimitKey("execute_body_bytes", \.executeBodyBytes, .bytes, 1024...gibibyte),
    LimitKey("execute_response_bytes", \.executeResponseBytes, .bytes, 1024...1 << 40),
    LimitKey("execute_low_speed_bytes", \.executeLowSpeedBytes, .bytes, 0...gibibyte),
    LimitKey(
      "execute_low_speed_time", \.executeLowSpeedMilliseconds, .milliseconds, 1000...day),
    LimitKey("execute_parameters", \.executeParameters, .count, 0...10_000),
    LimitKey("json_depth", \.jsonDepth, .count, 1...1000),
    LimitKey("endpoint_bytes", \.endpointBytes, .bytes, 256...1 << 20),
  ]
  private static let upstream = [
    LimitKey("upstream_header_bytes", \.upstreamHeaderBytes, .bytes, 1024...1 << 20),
    LimitKey("upstream_headers", \.upstreamHeaders, .count, 16...10_000),
    LimitKey("upstream_interim_responses", \.upstreamInterimResponses, .count, 0...1000),
    LimitKey("retry_held_bytes", \.retryHeldBytes, .bytes, 0...1 << 24),
    LimitKey("dials_in_flight", \.dialsInFlight, .count, 1...10_000),
    LimitKey("dns_timeout", \.dnsTimeoutMilliseconds, .milliseconds, 100...60_000),
    LimitKey("dns_cache", \.dnsCacheMilliseconds, .milliseconds, 0...day),
  ]
  private static let buffers = [
    LimitKey("write_buffer_high_bytes", \.writeBufferHighBytes, .bytes, 4096...gibibyte),
    LimitKey("write_buffer_low_bytes", \.writeBufferLowBytes, .bytes, 0...gibibyte),
    LimitKey("read_buffer_bytes", \.readBufferBytes, .bytes, 1024...1 << 24),
    LimitKey("buffered_bytes", \.bufferedBytes, .bytes, 1 << 20...1 << 44, isLater: true),
    LimitKey("in_flight", \.inFlight, .count, 0...1_000_000),
    LimitKey("splice_pipes", \.splicePipes, .count, 0...10_000),
    LimitKey("splice_pipe_bytes", \.splicePipeBytes, .bytes, 65_536...1 << 20),
    LimitKey("turn_bytes", \.turnBytes, .bytes, 65_536...1 << 30),
    LimitKey("request_memory_bytes", \.requestMemoryBytes, .bytes, 0...1 << 24),
    LimitKey("request_spool_bytes", \.requestSpoolBytes, .bytes, 1024...1 << 40),
    LimitKey("accepts_per_turn", \.acceptsPerTurn, .count, 1...10_000),
    LimitKey("tls_handshakes_per_turn", \.tlsHandshakesPerTurn, .count, 1...10_000),
  ]
  private static let log = [
    LimitKey("log_field_bytes", \.logFieldBytes, .bytes, 64...1 << 16),
    LimitKey("log_line_bytes", \.logLineBytes, .bytes, 1024...1 << 20),
    LimitKey("log_ring_bytes", \.logRingBytes, .bytes, 1 << 16...gibibyte),
  ]
  private static let codings = [
    LimitKey("decompression_ratio", \.decompressionRatio, .count, 1...1100),
    LimitKey(
      "decompression_ratio_after_bytes", \.decompressionRatioAfterBytes, .bytes, 0...gibibyte),
    LimitKey("gzip_header_bytes", \.gzipHeaderBytes, .bytes, 64...1 << 20),
    LimitKey("gzip_members", \.gzipMembers, .count, 1...1_000_000),
    LimitKey("compression_contexts", \.compressionContexts, .count, 0...100_000),
    LimitKey("compression_contexts_idle", \.compressionContextsIdle, .count, 0...100_000),
  ]
  private static let binary = [
    LimitKey("execute_base64_bytes", \.executeBase64Bytes, .bytes, 1024...gibibyte),
    LimitKey("binary_body_bytes", \.binaryBodyBytes, .bytes, 1024...1 << 40),
    LimitKey("execute_held_bytes", \.executeHeldBytes, .bytes, 1024...1 << 24),
    LimitKey("file_bytes", \.fileBytes, .bytes, 1024...1 << 44),
    LimitKey("files_free_percent", \.filesFreePercent, .count, 0...99),
    LimitKey("idempotent_answer_bytes", \.idempotentAnswerBytes, .bytes, 0...1 << 24),
  ]
}
