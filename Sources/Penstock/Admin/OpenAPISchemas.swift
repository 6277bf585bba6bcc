/// The envelopes of the OpenAPI document.
enum OpenAPISchemas {
  static let text: StaticString = #"""
      "schemas": {
        "Call": {
          "type": "object",
          "required": ["endpoint", "method"],
          "description": "A null is the same as nothing, and unknown members are ignored. A \#
    member that stands twice is refused.",
          "properties": {
            "endpoint": {
              "type": "string",
              "minLength": 1,
              "maxLength": 8192,
              "pattern": "^(/|(/|[Hh][Tt][Tt][Pp][Ss]?://)[!\"$-.0-\\[\\]-~][!\"$-\\[\\]-~]*)$",
              "description": "A path below the account's base URL, with a query or not; or an \#
    absolute URL on the base URL's origin or on one of the account's allowed hosts. Visible \#
    ASCII; no backslash, fragment, user name or dot segment."
            },
            "method": {
              "type": "string",
              "enum": ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
            },
            "body": {
              "description": "Any JSON, sent as it stands. A string beside a Content-Type \#
    parameter that is not JSON is sent as text. Not with GET and HEAD, and not beside \#
    `binary_body`."
            },
            "binary_body": {"oneOf": [
              {"type": "null"},
              {"$ref": "#/components/schemas/BinaryBody"}
            ]},
            "parameters": {
              "type": ["array", "null"],
              "maxItems": 100,
              "items": {"$ref": "#/components/schemas/Parameter"}
            },
            "custom_connection_data": {"oneOf": [
              {"type": "null"},
              {"$ref": "#/components/schemas/CustomConnectionData"}
            ]}
          },
          "anyOf": [
            {"properties": {
              "method": {"enum": ["GET", "HEAD"]},
              "body": {"type": "null"},
              "binary_body": {"type": "null"}
            }},
            {"properties": {
              "method": {"enum": ["POST", "PUT", "DELETE", "PATCH"]},
              "binary_body": {"type": "null"}
            }},
            {"properties": {
              "method": {"enum": ["POST", "PUT", "DELETE", "PATCH"]},
              "body": {"type": "null"}
            }}
          ]
        },
        "ExecuteRequest": {"allOf": [
          {"$ref": "#/components/schemas/Call"},
          {
            "type": "object",
            "properties": {
              "connected_account_id": {
                "type": ["string", "null"],
                "description": "Without it the API key's `default_account` is used."
              },
              "user_id": {"type": ["string", "null"], "description": "A field of the log."}
            },
            "anyOf": [
              {"properties": {"connected_account_id": {"type": "null"}}},
              {"properties": {"custom_connection_data": {"type": "null"}}}
            ]
          }
        ]},
        "SessionRequest": {"allOf": [
          {"$ref": "#/components/schemas/Call"},
          {
            "type": "object",
            "required": ["toolkit_slug"],
            "properties": {"toolkit_slug": {
              "type": "string",
              "description": "A name in `execute.toolkits`."
            }}
          }
        ]},
        "Parameter": {
          "type": "object",
          "required": ["name", "value"],
          "description": "A header field or a query parameter of the request. Of repeated names \#
    all are sent, in order. Headers that frame the message, that belong to one connection or to a \#
    proxy, that carry credentials or that the account sets itself are refused.",
          "properties": {
            "name": {"type": "string"},
            "value": {"type": "string"},
            "type": {"enum": ["header", "query", null]},
            "in": {"enum": ["header", "query", null], "description": "Another name for `type`."}
          },
          "anyOf": [
            {
              "$ref": "#/components/schemas/HeaderParameter",
              "required": ["type"],
              "properties": {"type": {"const": "header"}, "in": {"enum": ["header", null]}}
            },
            {
              "$ref": "#/components/schemas/HeaderParameter",
              "required": ["in"],
              "properties": {"type": {"type": "null"}, "in": {"const": "header"}}
            },
            {
              "$ref": "#/components/schemas/QueryParameter",
              "required": ["type"],
              "properties": {"type": {"const": "query"}, "in": {"enum": ["query", null]}}
            },
            {
              "$ref": "#/components/schemas/QueryParameter",
              "required": ["in"],
              "properties": {"type": {"type": "null"}, "in": {"const": "query"}}
            }
          ]
        },
        "HeaderParameter": {"properties": {
          "name": {"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$"},
          "value": {
            "type": "string",
            "pattern": "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$",
            "description": "Spaces and tabs around it are left out."
          }
        }},
        "QueryParameter": {"properties": {
          "name": {"type": "string", "pattern": "^[^\\u0000\\r\\n]+$"},
          "value": {"type": "string", "pattern": "^[^\\u0000\\r\\n]*$"}
        }},
        "BinaryBody": {
          "type": "object",
          "description": "Bytes, or where they are to be fetched.",
          "properties": {
            "base64": {
              "type": ["string", "null"],
              "contentEncoding": "base64",
              "pattern": \#
    "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
            },
            "url": {
              "type": ["string", "null"],
              "format": "uri",
              "description": "Fetched without any credential."
            },
            "content_type": {
              "type": ["string", "null"],
              "maxLength": 255,
              "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+( *; \#
    *[!#$%&'*+.^_`|~0-9A-Za-z-]+=[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$",
              "description": "application/octet-stream without it."
            }
          },
          "oneOf": [
            {
              "required": ["base64"],
              "properties": {"base64": {"type": "string"}, "url": {"type": "null"}}
            },
            {
              "required": ["url"],
              "properties": {"url": {"type": "string"}, "base64": {"type": "null"}}
            }
          ]
        },
        "CustomConnectionData": {
          "type": "object",
          "deprecated": true,
          "required": ["authScheme", "toolkitSlug"],
          "description": "A credential inline, for the hosts of a toolkit, where \#
    `execute.custom_connection_data` is on. Of `val` no more is read than the credential.",
          "properties": {
            "authScheme": {"type": "string"},
            "toolkitSlug": {
              "type": "string",
              "description": "In a session the same as `toolkit_slug`."
            }
          },
          "anyOf": [
            {
              "required": ["val"],
              "properties": {
                "authScheme": {"const": "OAUTH2"},
                "val": {
                  "type": "object",
                  "required": ["access_token"],
                  "properties": {"access_token": {"$ref": "#/components/schemas/Token"}}
                }
              }
            },
            {
              "required": ["val"],
              "properties": {
                "authScheme": {"const": "BEARER_TOKEN"},
                "val": {
                  "type": "object",
                  "required": ["token"],
                  "properties": {"token": {"$ref": "#/components/schemas/Token"}}
                }
              }
            },
            {
              "required": ["val"],
              "properties": {
                "authScheme": {"const": "BASIC"},
                "val": {
                  "type": "object",
                  "required": ["username"],
                  "properties": {
                    "username": {
                      "type": "string",
                      "pattern": "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f:]+$"
                    },
                    "password": {"oneOf": [
                      {"type": "null"},
                      {"type": "string", "pattern": "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$"}
                    ]}
                  }
                }
              }
            },
            {
              "required": ["val"],
              "properties": {
                "authScheme": {"const": "API_KEY"},
                "val": {
                  "type": "object",
                  "description": "One of them, by what the toolkit's account takes.",
                  "properties": {
                    "generic_api_key": {"oneOf": [
                      {"type": "null"},
                      {"$ref": "#/components/schemas/Token"}
                    ]},
                    "api_key": {"oneOf": [
                      {"type": "null"},
                      {"$ref": "#/components/schemas/Token"}
                    ]},
                    "bearer_token": {"oneOf": [
                      {"type": "null"},
                      {"$ref": "#/components/schemas/Token"}
                    ]},
                    "basic_encoded": {"oneOf": [
                      {"type": "null"},
                      {"$ref": "#/components/schemas/Token"}
                    ]}
                  },
                  "anyOf": [
                    {
                      "required": ["generic_api_key"],
                      "properties": {"generic_api_key": {"type": "string"}}
                    },
                    {"required": ["api_key"], "properties": {"api_key": {"type": "string"}}},
                    {
                      "required": ["bearer_token"],
                      "properties": {"bearer_token": {"type": "string"}}
                    },
                    {
                      "required": ["basic_encoded"],
                      "properties": {"basic_encoded": {"type": "string"}}
                    }
                  ]
                }
              }
            },
            {"properties": {
              "authScheme": {"const": "NO_AUTH"},
              "val": {"type": ["object", "null"]}
            }},
            {
              "description": "501: there is no such scheme, or not here.",
              "properties": {"authScheme": {"not": {"enum": [
                "OAUTH2", "BEARER_TOKEN", "BASIC", "API_KEY", "NO_AUTH"
              ]}}}
            }
          ]
        },
        "Token": {"type": "string", "pattern": "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]+$"},
        "ExecuteAnswer": {
          "type": "object",
          "required": ["data", "status", "headers"],
          "properties": {
            "data": {
              "description": "JSON as the upstream wrote it, text as a string, null where there \#
    is no body or a binary one."
            },
            "status": {
              "type": "integer",
              "minimum": 200,
              "maximum": 999,
              "description": "The upstream's."
            },
            "headers": {
              "type": "object",
              "propertyNames": {"pattern": "^[^A-Z]+$"},
              "additionalProperties": {"type": "string"},
              "description": "In lower case; repeated ones joined by commas, set-cookie by line \#
    feeds."
            },
            "binary_data": {"oneOf": [
              {"type": "null"},
              {"$ref": "#/components/schemas/BinaryData"}
            ]}
          }
        },
        "SessionAnswer": {"allOf": [
          {"$ref": "#/components/schemas/ExecuteAnswer"},
          {
            "type": "object",
            "required": ["result_type"],
            "properties": {"result_type": {"const": "completed"}}
          }
        ]},
        "BinaryData": {
          "type": "object",
          "required": ["url", "content_type", "size", "expires_at"],
          "properties": {
            "url": {
              "type": "string",
              "format": "uri",
              "description": "Signed; for whoever has it."
            },
            "content_type": {"type": "string"},
            "size": {"type": "integer", "minimum": 0},
            "expires_at": {"type": "string", "format": "date-time"}
          }
        },
        "Error": {
          "type": "object",
          "required": ["error"],
          "additionalProperties": false,
          "properties": {"error": {
            "type": "object",
            "additionalProperties": false,
            "required": [
              "message", "code", "slug", "status", "request_id", "suggested_fix", "errors"
            ],
            "properties": {
              "message": {"type": "string", "minLength": 1},
              "code": {"type": "integer", "description": "Stable, as the slug."},
              "slug": {"type": "string"},
              "status": {"type": "integer", "description": "The answer's own."},
              "request_id": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
              "suggested_fix": {"type": "string", "minLength": 1},
              "errors": {
                "type": "array",
                "items": {"type": "string"},
                "description": "The fields that are not valid; of a 504 the phases and their \#
    times."
              }
            }
          }}
        }
      }
    }
    }

    """#
}
