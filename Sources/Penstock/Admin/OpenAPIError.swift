import Wire

/// The answer of some errors in the OpenAPI document: all of one status, and of one meaning.
struct OpenAPIError {
  let status: Int
  /// Among the document's responses.
  let name: StaticString
  let description: StaticString
  let slugs: [StaticString]
  /// A field that it has beside those of every error, and which of the document's headers that is.
  let field: (name: StaticString, header: StaticString)?

  init(
    _ status: Int, _ name: StaticString, _ description: StaticString, slugs: [StaticString],
    field: (StaticString, StaticString)? = nil
  ) {
    self.status = status
    self.name = name
    self.description = description
    self.slugs = slugs
    self.field = field
  }

  /// Appends it as a member of the document's responses.
  func write(into target: inout ByteBuffer) {
    JSONWriter.append(key: name, into: &target)
    target.append(" {\n  \"description\": ")
    JSONWriter.append(literal: description, into: &target)
    target.append(",\n  \"headers\": {")
    write("x-request-id", "RequestID", into: &target)
    target.append(", ")
    write("x-should-retry", "ShouldRetry", into: &target)
    target.append(", ")
    write("Proxy-Status", "ProxyStatus", into: &target)
    if let field {
      target.append(", ")
      write(field.name, field.header, into: &target)
    }
    target.append("},\n  \"content\": {\"application/json\": {\"schema\": {\n")
    target.append("    \"$ref\": \"#/components/schemas/Error\",\n")
    target.append("    \"properties\": {\"error\": {\"properties\": {\n")
    target.append("      \"status\": {\"const\": ")
    target.append(decimal: status)
    target.append("},\n      \"slug\": {\"enum\": [")
    for index in slugs.indices {
      if index > 0 { target.append(", ") }
      JSONWriter.append(literal: slugs[index], into: &target)
    }
    target.append("]}\n    }}}\n  }}}\n}")
  }

  private func write(
    _ field: StaticString, _ header: StaticString, into target: inout ByteBuffer
  ) {
    JSONWriter.append(key: field, into: &target)
    target.append(" {\"$ref\": \"#/components/headers/")
    target.append(header)
    target.append("\"}")
  }
}
