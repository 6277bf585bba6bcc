import Wire

/// Writes the envelope around an upstream's answer.
///
/// One a worker; it keeps its memory between answers. The caller leaves out hop-by-hop fields,
/// and `content-encoding` and `content-length` where it has decoded the body.
struct EnvelopeWriter: ~Copyable {
  /// What became of the body.
  enum Form {
    case json, text, null
    /// Not put into the envelope: it belongs into a file.
    case binary
  }

  /// How deep passed-on JSON may be nested; deeper is put into a string.
  static let jsonDepthMax = 10_000

  private struct Header {
    let name: Slice
    let value: Slice
    /// Of the name, so that most pairs of different names are told apart by a number.
    let hash: UInt32
    var isWritten: Bool
  }

  private var headers: [Header] = []
  private var scratch = ByteBuffer()
  private var mediaType = MediaType.undeclared
  /// True exactly when the body is still under a content coding, so that its bytes say nothing.
  private var isEncoded = false

  init() {}

  mutating func beginHeaders() {
    headers.removeAll(keepingCapacity: true)
    scratch.removeAll()
    mediaType = .undeclared
    isEncoded = false
  }

  mutating func addHeader(name: Span<UInt8>, value: Span<UInt8>) {
    let nameStart = scratch.count
    var hash: UInt32 = 0
    for index in 0..<name.count {
      let byte = ByteClass.lowercased(name[index])
      hash = (hash ^ UInt32(byte)) &* 0x0100_0193
      scratch.append(byte)
    }
    let valueStart = scratch.count
    scratch.append(value)
    headers.append(
      Header(
        name: Slice(start: nameStart, count: name.count),
        value: Slice(start: valueStart, count: value.count), hash: hash, isWritten: false))
    if name.equalsIgnoringCase("content-encoding"), !value.equalsIgnoringCase("identity") {
      isEncoded = true
    }
    if name.equalsIgnoringCase("content-type"), mediaType == .undeclared {
      mediaType = MediaType(value)
    }
  }

  /// Appends the whole envelope of an answer with the headers added since `beginHeaders`.
  mutating func write(
    status: Int, body: Span<UInt8>, into target: inout ByteBuffer
  ) -> Form {
    target.append("{\"data\":")
    let form = writeData(body, into: &target)
    target.append(",\"status\":")
    target.append(decimal: status)
    target.append(",\"headers\":{")
    writeHeaders(into: &target)
    target.append(form == .binary ? "},\"binary_data\":null}" : "}}")
    return form
  }

  // MARK: The body

  private borrowing func writeData(_ body: Span<UInt8>, into target: inout ByteBuffer) -> Form {
    let form = isEncoded && !body.isEmpty ? Form.binary : form(of: body)
    switch form {
    case .null, .binary: target.append("null")
    case .json: target.append(body)
    case .text:
      target.append(0x22)
      switch mediaType.charset {
      case .utf8, .other: JSONWriter.append(content: body, into: &target)
      case .latin1: JSONWriter.append(singleBytes: body, isWindows1252: false, into: &target)
      case .windows1252: JSONWriter.append(singleBytes: body, isWindows1252: true, into: &target)
      }
      target.append(0x22)
    }
    return form
  }

  private borrowing func form(of body: Span<UInt8>) -> Form {
    if body.isEmpty { return .null }
    switch mediaType.kind {
    case .binary: return .binary
    case .json where isJSON(body): return .json
    case .json, .text, .form, .undeclared:
      switch mediaType.charset {
      case .utf8: return UTF8Validation.isValid(body) ? .text : .binary
      case .latin1, .windows1252: return .text
      case .other: return .binary
      }
    }
  }

  private borrowing func isJSON(_ body: Span<UInt8>) -> Bool {
    do throws(JSONFault) {
      _ = try JSONScanner.validate(body, depthMax: Self.jsonDepthMax)
      return true
    } catch {
      return false
    }
  }

  // MARK: The headers

  private mutating func writeHeaders(into target: inout ByteBuffer) {
    var isFirst = true
    for index in 0..<headers.count where !headers[index].isWritten {
      if !isFirst { target.append(0x2c) }
      isFirst = false
      let name = headers[index].name
      JSONWriter.append(string: scratch.span[name], into: &target)
      target.append(":\"")
      writeValue(headers[index].value, into: &target)
      // A cookie may hold a comma of its own.
      let isCookie = scratch.span[name].equals("set-cookie")
      for other in (index + 1)..<headers.count where isSameName(index, other) {
        target.append(isCookie ? "\\n" : ", ")
        writeValue(headers[other].value, into: &target)
        headers[other].isWritten = true
      }
      target.append(0x22)
    }
  }

  private borrowing func isSameName(_ index: Int, _ other: Int) -> Bool {
    headers[index].hash == headers[other].hash
      && scratch.span[headers[index].name].equalsIgnoringCase(scratch.span[headers[other].name])
  }

  /// A value that is not UTF-8 is taken for latin-1, which field values once were (RFC 9110
  /// section 5.5).
  private borrowing func writeValue(_ value: Slice, into target: inout ByteBuffer) {
    if UTF8Validation.isValid(scratch.span[value]) {
      JSONWriter.append(content: scratch.span[value], into: &target)
    } else {
      JSONWriter.append(singleBytes: scratch.span[value], isWindows1252: false, into: &target)
    }
  }
}
