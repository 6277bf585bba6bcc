/// How to call, and the answers of success, of the OpenAPI document.
enum OpenAPIResponses {
  static let text: StaticString = #"""
    "components": {
      "securitySchemes": {
        "APIKey": {
          "type": "apiKey",
          "in": "header",
          "name": "x-api-key",
          "description": "The key of a project in the configuration."
        },
        "Bearer": {
          "type": "http",
          "scheme": "bearer",
          "description": "The same key, where there is no x-api-key."
        }
      },
      "parameters": {
        "IdempotencyKey": {
          "name": "Idempotency-Key",
          "in": "header",
          "description": "A later request under the same key gets the answer of the first.",
          "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"}
        },
        "RequestTimeout": {
          "name": "Request-Timeout",
          "in": "header",
          "description": "For how many seconds the client waits. The answer comes before that, a \#
    504 if need be. What is no positive number says nothing.",
          "schema": {"type": "string"}
        },
        "ReadTimeout": {
          "name": "x-stainless-read-timeout",
          "in": "header",
          "description": "The same as the official client says it in Python. The shortest counts.",
          "schema": {"type": "string"}
        },
        "Timeout": {
          "name": "x-stainless-timeout",
          "in": "header",
          "description": "The same as the official client says it in JavaScript.",
          "schema": {"type": "string"}
        },
        "IfNoneMatch": {
          "name": "If-None-Match",
          "in": "header",
          "description": "What the client has already.",
          "schema": {"type": "string"}
        },
        "RequestID": {
          "name": "x-request-id",
          "in": "header",
          "description": "The request's name in the log, upstream and in the answer, where it is \#
    1 to 64 letters, digits, dots, underscores and hyphens; anything else is replaced.",
          "schema": {"type": "string"}
        }
      },
      "headers": {
        "RequestID": {
          "required": true,
          "description": "The request's name in the log.",
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        },
        "ShouldRetry": {
          "required": true,
          "description": "Whether the same call again can help and does no harm: `false` where a \#
    byte of it may have reached the upstream and its method is not idempotent.",
          "schema": {"type": "string", "enum": ["true", "false"]}
        },
        "ProxyStatus": {
          "required": true,
          "description": "RFC 9209.",
          "schema": {"type": "string", "pattern": "^penstock; error=[a-z_]+$"}
        },
        "RetryAfter": {
          "required": true,
          "description": "Seconds.",
          "schema": {"type": "string", "pattern": "^[0-9]+$"}
        },
        "Allow": {
          "required": true,
          "description": "The methods that are served.",
          "schema": {"type": "string", "pattern": "^[A-Z]+(, [A-Z]+)*$"}
        },
        "Authenticate": {"required": true, "schema": {"type": "string", "const": "Bearer"}},
        "AcceptEncoding": {
          "required": true,
          "description": "The content codings that are read.",
          "schema": {"type": "string", "const": "gzip, deflate"}
        },
        "ETag": {
          "required": true,
          "description": "Of the file, which never changes.",
          "schema": {"type": "string", "pattern": "^\"[0-9a-f]{32}\"$"}
        },
        "Disposition": {"required": true, "schema": {"type": "string", "const": "attachment"}},
        "UnsatisfiedRange": {
          "required": true,
          "description": "The file's size.",
          "schema": {"type": "string", "pattern": "^bytes \\*/[0-9]+$"}
        },
        "ContentRange": {
          "required": true,
          "schema": {"type": "string", "pattern": "^bytes [0-9]+-[0-9]+/[0-9]+$"}
        }
      },
      "responses": {
        "Executed": {
          "description": "The upstream has answered.",
          "headers": {"x-request-id": {"$ref": "#/components/headers/RequestID"}},
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/ExecuteAnswer"
          }}}
        },
        "ExecutedInSession": {
          "description": "The upstream has answered.",
          "headers": {"x-request-id": {"$ref": "#/components/headers/RequestID"}},
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/SessionAnswer"
          }}}
        },
        "OK": {
          "description": "Yes.",
          "headers": {"x-request-id": {"$ref": "#/components/headers/RequestID"}},
          "content": {"text/plain": {"schema": {"type": "string", "const": "ok\n"}}}
        },
        "File": {
          "description": "The file, in the type that the upstream gave it.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "ETag": {"$ref": "#/components/headers/ETag"},
            "Content-Disposition": {"$ref": "#/components/headers/Disposition"}
          },
          "content": {"*/*": {}}
        },
        "PartOfFile": {
          "description": "A range of the file.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "ETag": {"$ref": "#/components/headers/ETag"},
            "Content-Disposition": {"$ref": "#/components/headers/Disposition"},
            "Content-Range": {"$ref": "#/components/headers/ContentRange"}
          },
          "content": {"*/*": {}}
        },
        "NotModified": {
          "description": "The client has it already, as it said in If-None-Match.",
          "headers": {
            "x-request-id": {"$ref": "#/components/headers/RequestID"},
            "ETag": {"$ref": "#/components/headers/ETag"}
          }
        }
    """#
}
