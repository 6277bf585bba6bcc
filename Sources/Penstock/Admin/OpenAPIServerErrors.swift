/// The answers of 500 and more of the OpenAPI document.
enum OpenAPIServerErrors {
  static let text: StaticString = #"""
        "InternalError": {
          "description": "Penstock failed.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 500},
              "slug": {"enum": ["internal_error"]}
            }}}
          }}}
        },
        "NotImplemented": {
          "description": "It is turned off, or not there yet.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 501},
              "slug": {"enum": [
                "not_implemented", "binary_answer_unsupported", "custom_connection_data_off",
                "auth_scheme_unsupported"
              ]}
            }}}
          }}}
        },
        "BadGateway": {
          "description": "The upstream could not be reached, or its answer could not be used.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 502},
              "slug": {"enum": [
                "upstream_dns_failed", "upstream_connect_failed", "upstream_tls_failed",
                "upstream_tls_untrusted", "upstream_closed", "upstream_reset", "upstream_truncated",
                "upstream_truncated_headers", "upstream_protocol_error",
                "upstream_headers_too_large", "upstream_unexpected_upgrade",
                "upstream_response_too_large", "upstream_broken_json", "upstream_broken_text",
                "bad_encoding", "decompression_limit", "binary_url_failed"
              ]}
            }}}
          }}}
        },
        "ServiceUnavailable": {
          "description": "Penstock has reached a limit of its own, or shuts down.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"},
            "Retry-After": {"$ref": "#/components/headers/RetryAfter"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 503},
              "slug": {"enum": [
                "overloaded", "draining", "local_resource_exhausted", "spool_unavailable"
              ]}
            }}}
          }}}
        },
        "GatewayTimeout": {
          "description": "The upstream was too slow. The message and `errors` name the phase that \#
    took longest.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 504},
              "slug": {"enum": [
                "upstream_dns_timeout", "upstream_connect_timeout", "upstream_tls_timeout",
                "upstream_write_timeout", "upstream_timeout", "upstream_too_slow",
                "binary_url_timeout"
              ]}
            }}}
          }}}
        },
        "VersionNotSupported": {
          "description": "It is neither HTTP/1.1 nor HTTP/1.0.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 505},
              "slug": {"enum": ["http_version_not_supported"]}
            }}}
          }}}
        }
      },

    """#
}
