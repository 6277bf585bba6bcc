/// The paths of the OpenAPI document. The three forms of a call differ in their envelopes; what
/// they have in common stands here once.
enum OpenAPIPaths {
  static let parts = [
    execute, callParameters, executeAnswers, callErrors,
    executeV3, callParameters, executeV3Answers, callErrors,
    session, callParameters, sessionAnswers, callErrors,
    others,
  ]

  /// What every form of a call takes beside its envelope.
  private static let callParameters: StaticString = #"""
          {"$ref": "#/components/parameters/IdempotencyKey"},
          {"$ref": "#/components/parameters/RequestTimeout"},
          {"$ref": "#/components/parameters/ReadTimeout"},
          {"$ref": "#/components/parameters/Timeout"},
          {"$ref": "#/components/parameters/RequestID"}

    """#

  /// What every form of a call may be refused with.
  private static let callErrors: StaticString = #"""
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "405": {"$ref": "#/components/responses/MethodNotAllowed"},
          "408": {"$ref": "#/components/responses/RequestTimeout"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/ContentTooLarge"},
          "414": {"$ref": "#/components/responses/URITooLong"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "417": {"$ref": "#/components/responses/ExpectationFailed"},
          "422": {"$ref": "#/components/responses/UnprocessableContent"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "431": {"$ref": "#/components/responses/HeadersTooLarge"},
          "500": {"$ref": "#/components/responses/InternalError"},
          "501": {"$ref": "#/components/responses/NotImplemented"},
          "502": {"$ref": "#/components/responses/BadGateway"},
          "503": {"$ref": "#/components/responses/ServiceUnavailable"},
          "504": {"$ref": "#/components/responses/GatewayTimeout"},
          "505": {"$ref": "#/components/responses/VersionNotSupported"}

    """#

  private static let execute: StaticString = #"""
    "paths": {
      "/api/v3.1/tools/execute/proxy": {"post": {
        "operationId": "execute",
        "summary": "Sends a request with an account's credential.",
        "description": "The answer is 200 whenever the upstream answered, whatever its own \#
    status, which stands in the envelope.",
        "parameters": [

    """#

  private static let executeAnswers: StaticString = #"""
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/ExecuteRequest"},
            "example": {"connected_account_id": "ca_github", "endpoint": "/user", "method": "GET"}
          }}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Executed"},

    """#

  private static let executeV3: StaticString = #"""
        }
      }},
      "/api/v3/tools/execute/proxy": {"post": {
        "operationId": "executeV3",
        "deprecated": true,
        "summary": "The same, as older clients call it.",
        "description": "410 for everyone whom `execute.v3` does not let in.",
        "parameters": [

    """#

  private static let executeV3Answers: StaticString = #"""
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/ExecuteRequest"
          }}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Executed"},
          "410": {"$ref": "#/components/responses/EndpointRetired"},

    """#

  private static let session: StaticString = #"""
        }
      }},
      "/api/v3.1/tool_router/session/{session_id}/proxy_execute": {"post": {
        "operationId": "executeInSession",
        "summary": "The same with the account of a toolkit.",
        "description": "Which account a toolkit has is said by `execute.toolkits`.",
        "parameters": [
          {
            "name": "session_id",
            "in": "path",
            "required": true,
            "description": "Any, of 256 bytes at the most; a field of the log.",
            "schema": {"type": "string", "minLength": 1}
          },

    """#

  private static let sessionAnswers: StaticString = #"""
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/SessionRequest"},
            "example": {"toolkit_slug": "github", "endpoint": "/user", "method": "GET"}
          }}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/ExecutedInSession"},

    """#

  private static let others: StaticString = #"""
        }
      }},
      "/files/{id}": {
        "parameters": [
          {
            "name": "id",
            "in": "path",
            "required": true,
            "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}
          },
          {
            "name": "expires",
            "in": "query",
            "required": true,
            "description": "Seconds since 1970.",
            "schema": {"type": "string", "pattern": "^(0|[1-9][0-9]{0,10})$"}
          },
          {
            "name": "signature",
            "in": "query",
            "required": true,
            "description": "The last of the two, and nothing behind it.",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}
          }
        ],
        "get": {
          "operationId": "download",
          "summary": "A binary answer, by the link in its `binary_data`.",
          "security": [],
          "parameters": [
            {
              "name": "Range",
              "in": "header",
              "description": "RFC 9110, section 14.2. One range; anything else is none.",
              "schema": {"type": "string"}
            },
            {"$ref": "#/components/parameters/IfNoneMatch"}
          ],
          "responses": {
            "200": {"$ref": "#/components/responses/File"},
            "206": {"$ref": "#/components/responses/PartOfFile"},
            "304": {"$ref": "#/components/responses/NotModified"},
            "400": {"$ref": "#/components/responses/BadRequest"},
            "403": {"$ref": "#/components/responses/InvalidSignature"},
            "404": {"$ref": "#/components/responses/NothingHere"},
            "405": {"$ref": "#/components/responses/MethodNotAllowed"},
            "410": {"$ref": "#/components/responses/LinkExpired"},
            "414": {"$ref": "#/components/responses/URITooLong"},
            "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
            "431": {"$ref": "#/components/responses/HeadersTooLarge"},
            "503": {"$ref": "#/components/responses/ServiceUnavailable"}
          }
        },
        "head": {
          "operationId": "describeDownload",
          "summary": "The same without the bytes.",
          "security": [],
          "parameters": [{"$ref": "#/components/parameters/IfNoneMatch"}],
          "responses": {
            "200": {"$ref": "#/components/responses/File"},
            "304": {"$ref": "#/components/responses/NotModified"},
            "403": {"$ref": "#/components/responses/InvalidSignature"},
            "404": {"$ref": "#/components/responses/NothingHere"},
            "410": {"$ref": "#/components/responses/LinkExpired"},
            "503": {"$ref": "#/components/responses/ServiceUnavailable"}
          }
        }
      },
      "/healthz": {"get": {
        "operationId": "isAlive",
        "summary": "Whether the process is alive.",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/OK"},
          "405": {"$ref": "#/components/responses/MethodNotAllowed"}
        }
      }},
      "/readyz": {"get": {
        "operationId": "isReady",
        "summary": "Whether it takes requests, which it does not while it shuts down.",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/OK"},
          "405": {"$ref": "#/components/responses/MethodNotAllowed"},
          "503": {"$ref": "#/components/responses/ServiceUnavailable"}
        }
      }}
    },

    """#
}
