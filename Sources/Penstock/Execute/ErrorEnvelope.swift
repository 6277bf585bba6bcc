import Wire

/// Writes the body of an error answer, the same on every route.
enum ErrorEnvelope {
  /// All texts but the request's id are Penstock's own and need no escape: nothing that a caller
  /// or an upstream has sent is ever told back. `times`: of what came too late.
  static func write(
    message: StaticString, code: Int, slug: StaticString, status: Int, requestID: Span<UInt8>,
    suggestedFix: StaticString, errors: [FieldProblem] = [], times: PhaseTimes? = nil,
    into target: inout ByteBuffer
  ) {
    target.append("{\"error\":{")
    JSONWriter.append(key: "message", into: &target)
    target.append(0x22)
    target.append(message)
    times?.writeSentence(into: &target)
    target.append("\",\"code\":")
    target.append(decimal: code)
    target.append(",\"slug\":")
    JSONWriter.append(literal: slug, into: &target)
    target.append(",\"status\":")
    target.append(decimal: status)
    target.append(",\"request_id\":")
    JSONWriter.append(string: requestID, into: &target)
    target.append(",\"suggested_fix\":")
    JSONWriter.append(literal: suggestedFix, into: &target)
    target.append(",\"errors\":[")
    for index in 0..<errors.count {
      if index > 0 { target.append(0x2c) }
      target.append(0x22)
      errors[index].write(into: &target)
      target.append(0x22)
    }
    times?.writeEntries(into: &target)
    target.append("]}}")
  }
}
