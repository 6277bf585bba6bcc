/// The answers of 400 and more of the OpenAPI document.
enum OpenAPIClientErrors {
  static let text: StaticString = #"""
        "BadRequest": {
          "description": "The request, its envelope or its endpoint is not valid.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 400},
              "slug": {"enum": [
                "malformed_request", "invalid_json", "validation_error", "duplicate_key",
                "invalid_method", "conflicting_body", "body_not_allowed", "invalid_content_type",
                "invalid_base64", "too_many_parameters", "parameters_too_large",
                "invalid_header_name", "invalid_header_value", "reserved_header",
                "reserved_parameter", "bad_encoding", "invalid_idempotency_key",
                "invalid_binary_url", "binary_url_refused", "invalid_endpoint", "endpoint_too_long",
                "dot_segments", "userinfo_not_allowed", "invalid_scheme", "OriginMismatch",
                "MissingAuthContext"
              ]}
            }}}
          }}}
        },
        "Unauthorized": {
          "description": "The API key is missing or not valid.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"},
            "WWW-Authenticate": {"$ref": "#/components/headers/Authenticate"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 401},
              "slug": {"enum": ["unauthorized"]}
            }}}
          }}}
        },
        "Forbidden": {
          "description": "A rule forbids it, or the address of the destination is one that may \#
    not be reached.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 403},
              "slug": {"enum": ["rule_denied", "destination_not_allowed"]}
            }}}
          }}}
        },
        "InvalidSignature": {
          "description": "The link is not one that Penstock has made.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 403},
              "slug": {"enum": ["invalid_signature"]}
            }}}
          }}}
        },
        "NotFound": {
          "description": "There is no such account or toolkit for this API key.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 404},
              "slug": {"enum": ["connected_account_not_found", "toolkit_not_found", "not_found"]}
            }}}
          }}}
        },
        "NothingHere": {
          "description": "There is nothing at this path.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 404},
              "slug": {"enum": ["not_found"]}
            }}}
          }}}
        },
        "MethodNotAllowed": {
          "description": "The method is not served at this path.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"},
            "Allow": {"$ref": "#/components/headers/Allow"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 405},
              "slug": {"enum": ["method_not_allowed"]}
            }}}
          }}}
        },
        "RequestTimeout": {
          "description": "The request did not arrive in time.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 408},
              "slug": {"enum": ["request_timeout"]}
            }}}
          }}}
        },
        "Conflict": {
          "description": "It was carried out before, and its answer was not kept.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 409},
              "slug": {"enum": ["idempotent_replay_unavailable"]}
            }}}
          }}}
        },
        "EndpointRetired": {
          "description": "This path is not served to this API key any more.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 410},
              "slug": {"enum": ["endpoint_retired"]}
            }}}
          }}}
        },
        "LinkExpired": {
          "description": "The link has expired.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 410},
              "slug": {"enum": ["link_expired"]}
            }}}
          }}}
        },
        "ContentTooLarge": {
          "description": "A body is larger than the limits.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 413},
              "slug": {"enum": [
                "body_too_large", "base64_too_large", "decompression_limit", "binary_url_too_large"
              ]}
            }}}
          }}}
        },
        "URITooLong": {
          "description": "The request target is too long.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 414},
              "slug": {"enum": ["uri_too_long"]}
            }}}
          }}}
        },
        "UnsupportedMediaType": {
          "description": "The envelope is not JSON, or in an unknown content coding.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"},
            "Accept-Encoding": {"$ref": "#/components/headers/AcceptEncoding"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 415},
              "slug": {"enum": ["unsupported_media_type", "unsupported_encoding"]}
            }}}
          }}}
        },
        "RangeNotSatisfiable": {
          "description": "The range begins behind the file's end.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"},
            "Content-Range": {"$ref": "#/components/headers/UnsatisfiedRange"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 416},
              "slug": {"enum": ["range_not_satisfiable"]}
            }}}
          }}}
        },
        "ExpectationFailed": {
          "description": "The expectation is not 100-continue.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 417},
              "slug": {"enum": ["expectation_failed"]}
            }}}
          }}}
        },
        "UnprocessableContent": {
          "description": "The state of the account, or of the idempotency key, forbids it.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 422},
              "slug": {"enum": ["account_disabled", "idempotency_key_reused"]}
            }}}
          }}}
        },
        "TooManyRequests": {
          "description": "A rate was exceeded.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"},
            "Retry-After": {"$ref": "#/components/headers/RetryAfter"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "HeadersTooLarge": {
          "description": "The header fields are too large.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "x-should-retry": {"$ref": "#/components/headers/ShouldRetry"},
            "Proxy-Status": {"$ref": "#/components/headers/ProxyStatus"}
          },
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Error",
            "properties": {"error": {"properties": {
              "status": {"const": 431},
              "slug": {"enum": ["headers_too_large"]}
            }}}
          }}}
        },

    """#
}
