import Wire

/// What `/openapi.json` answers: the execute endpoint, its links and health, in OpenAPI 3.1.
///
/// Written by hand for whoever reads it, and held against the server by tests: its slugs are those
/// of the error table, and a fuzzer that follows it finds no answer that it does not declare.
enum OpenAPIDocument {
  static func write(into target: inout ByteBuffer) {
    target.append(head)
    for part in OpenAPIPaths.parts { target.append(part) }
    target.append(OpenAPIResponses.text)
    for error in OpenAPIErrors.all {
      target.append(",\n")
      error.write(into: &target)
    }
    target.append("},\n")
    target.append(OpenAPISchemas.text)
  }

  /// All that stands before the paths.
  private static let head: StaticString = #"""
    {
    "openapi": "3.1.0",
    "info": {
      "title": "Penstock",
      "version": "1",
      "summary": "An HTTP proxy that lends credentials.",
      "description": "The execute endpoint takes a request in a JSON envelope, sends it with a \#
    connected account's credential, and puts the answer into another envelope. The streaming \#
    route, /proxy/{account_id}/{path}, passes requests and answers as they are, and is not \#
    described here.",
      "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
    },
    "servers": [{
      "url": "http://{listen}",
      "description": "Where calls go; this document comes from the admin plane.",
      "variables": {"listen": {
        "default": "127.0.0.1:8080",
        "description": "An address of `listen`."
      }}
    }],
    "security": [{"APIKey": []}, {"Bearer": []}],

    """#
}
