/// The rows of what upstreams do, and of ends without an answer.
extension ErrorTable {
  static func dialRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .upstreamDNSFailed:
      upstream(
        6000, "upstream_dns_failed", 502, .dns, "dns_error",
        "The upstream's name was not found.", "Check the host name and the resolver.")
    case .upstreamDNSTimeout:
      upstream(
        6001, "upstream_dns_timeout", 504, .dns, "dns_timeout",
        "The upstream's name was not resolved in time.", "Check the resolver.")
    case .upstreamConnectFailed:
      upstream(
        6002, "upstream_connect_failed", 502, .connect, "connection_refused",
        "The upstream refused the connection.", "Check that the upstream is up and reachable.")
    case .upstreamConnectTimeout:
      upstream(
        6003, "upstream_connect_timeout", 504, .connect, "connection_timeout",
        "The upstream did not accept a connection in time.",
        "Check that the upstream is reachable, or raise timeouts.connect.")
    case .accountCircuitOpen:
      upstream(
        6007, "account_circuit_open", 503, .connect, "destination_unavailable",
        "The upstream has failed again and again, and is left alone for a while.",
        "Try again after Retry-After; check that the upstream is up.")
    case .upstreamTLSFailed:
      upstream(
        6004, "upstream_tls_failed", 502, .tls, "tls_protocol_error",
        "The TLS handshake with the upstream failed.", "Check that the upstream speaks TLS 1.2.")
    case .upstreamTLSUntrusted:
      upstream(
        6005, "upstream_tls_untrusted", 502, .tls, "tls_certificate_error",
        "The upstream's certificate is not trusted.",
        "Check the certificate's name, dates and issuer, or set ca_file.", isTransient: false)
    default:
      upstream(
        6006, "upstream_tls_timeout", 504, .tls, "connection_timeout",
        "The TLS handshake with the upstream did not end in time.",
        "Check the upstream, or raise timeouts.connect.")
    }
  }

  static func upstreamRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .upstreamWriteTimeout:
      upstream(
        7000, "upstream_write_timeout", 504, .send, "connection_write_timeout",
        "The upstream stopped reading the request.", "Check the upstream, or raise timeouts.idle.")
    case .upstreamTimeout:
      upstream(
        7001, "upstream_timeout", 504, .firstByte, "http_response_timeout",
        "The upstream did not answer in time.",
        "Check the upstream, or raise timeouts.first_byte.")
    case .upstreamTooSlow:
      upstream(
        7002, "upstream_too_slow", 504, .body, "connection_read_timeout",
        "The upstream stopped sending its answer.",
        "Check the upstream, or raise timeouts.idle.")
    case .upstreamClosed:
      upstream(
        7003, "upstream_closed", 502, .firstByte, "connection_terminated",
        "The upstream closed the connection without an answer.", "Check the upstream's log.")
    case .upstreamReset:
      upstream(
        7004, "upstream_reset", 502, .firstByte, "connection_terminated",
        "The upstream reset the connection.", "Check the upstream's log.")
    case .upstreamTruncated:
      upstream(
        7005, "upstream_truncated", 502, .body, "http_response_incomplete",
        "The upstream's answer ended before its end.", "Check the upstream's log.")
    case .upstreamTruncatedHeaders:
      upstream(
        7006, "upstream_truncated_headers", 502, .firstByte, "http_response_incomplete",
        "The upstream's answer ended within its header.", "Check the upstream's log.")
    default: answerRow(error)
    }
  }

  private static func answerRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .upstreamProtocolError:
      upstream(
        7007, "upstream_protocol_error", 502, .firstByte, "http_protocol_error",
        "The upstream's answer is not well-formed HTTP/1.1.",
        "Check that the upstream speaks HTTP/1.1 at this port.", isTransient: false)
    case .upstreamHeadersTooLarge:
      upstream(
        7008, "upstream_headers_too_large", 502, .firstByte, "http_response_header_section_size",
        "The upstream's header fields are larger than the limit.",
        "Raise limits.upstream_header_bytes.", isTransient: false)
    case .upstreamUnexpectedUpgrade:
      upstream(
        7009, "upstream_unexpected_upgrade", 502, .firstByte, "http_protocol_error",
        "The upstream changed the protocol without being asked.", "Check the upstream.",
        isTransient: false)
    case .upstreamResponseTooLarge:
      upstream(
        7010, "upstream_response_too_large", 502, .body, "http_response_body_size",
        "The upstream's answer is larger than the limit.",
        "Use the streaming route /proxy/, or raise the limit: execute_response_bytes, file_bytes.",
        isTransient: false)
    case .upstreamBadEncoding:
      upstream(
        7012, "bad_encoding", 502, .body, "http_response_content_coding",
        "The upstream's answer is not what its Content-Encoding says.",
        "Check the upstream; a client that takes gzip gets its answers as they are.",
        isTransient: false)
    case .upstreamDecompressionLimit:
      upstream(
        7013, "decompression_limit", 502, .body, "http_response_content_coding",
        "The upstream's answer expands more than the limits allow.",
        "Take gzip in Accept-Encoding, or raise limits.decompression_ratio.",
        isTransient: false)
    case .upstreamBrokenJSON:
      upstream(
        7014, "upstream_broken_json", 502, .body, "http_protocol_error",
        "The upstream's answer says that it is JSON, and is not.", "Check the upstream.",
        isTransient: false)
    case .upstreamBrokenText:
      upstream(
        7015, "upstream_broken_text", 502, .body, "http_protocol_error",
        "The upstream's answer holds bytes that are not in its charset.", "Check the upstream.",
        isTransient: false)
    case .upstreamUnsolicited:
      upstream(
        7011, "upstream_unsolicited", 502, .firstByte, "http_protocol_error",
        "The upstream answered on an idle connection.", "Check the upstream.", isTransient: false)
    default: endRow(error)
    }
  }

  private static func endRow(_ error: PenstockError) -> ErrorRow {
    switch error {
    case .clientBodyTimeout:
      downstream(
        8001, "client_body_timeout", 499, "The client stopped sending the request.",
        "Send the whole request without long pauses.", closes: true)
    case .clientWriteTimeout:
      downstream(
        8002, "client_write_timeout", 499, "The client stopped reading the answer.",
        "Read the answer without long pauses.", phase: .respond, closes: true)
    case .tunnelIdle:
      ErrorRow(
        code: 8004, slug: "tunnel_idle", status: 503, side: .internal, phase: .body,
        proxyStatus: "connection_timeout", isTransient: true, closes: true,
        message: "Neither side of the tunnel sent anything for too long.",
        fix: "Send a ping now and then, or raise timeouts.tunnel_idle.")
    case .shutdownForced:
      ErrorRow(
        code: 8003, slug: "shutdown_forced", status: 503, side: .internal, phase: .respond,
        proxyStatus: "proxy_internal_error", isTransient: true, closes: true,
        message: "Penstock shut down before the exchange was over.",
        fix: "Raise timeouts.shutdown_grace.")
    default:
      downstream(
        8000, "client_aborted", 499, "The client went away.", "Nothing was answered.",
        phase: .respond, closes: true)
    }
  }
}
