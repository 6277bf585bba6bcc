import Wire

/// Writes the envelope around an upstream's answer: whole where the answer is small, else what
/// stands in front of it and behind it.
///
/// One an exchange's end; it keeps its memory between answers. The caller leaves out hop-by-hop
/// fields, and `content-encoding` and `content-length` where it has decoded the body.
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
  private var contentTypeSlice = Slice.empty
  private var isSession = false
  /// True exactly when the body is still under a content coding, so that its bytes say nothing.
  private var isEncoded = false

  init() {}

  /// `isSession`: the answer is to a call in a session's name, which has one member more.
  mutating func beginHeaders(isSession: Bool = false) {
    self.isSession = isSession
    headers.removeAll(keepingCapacity: true)
    scratch.removeAll()
    mediaType = .undeclared
    contentTypeSlice = .empty
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
      contentTypeSlice = Slice(start: valueStart, count: value.count)
    }
  }

  // MARK: What a body is

  /// True where the headers say that the body is nothing for an envelope, whatever its bytes are.
  var isBinary: Bool {
    if isEncoded || mediaType.kind == .binary { return true }
    return mediaType.charset == .other && mediaType.kind != .json
  }

  /// As the upstream declared it; empty where it did not.
  var contentType: [UInt8] { scratch.span[contentTypeSlice].withUnsafeBufferPointer { Array($0) } }

  var charset: TextEscaper.Charset { mediaType.charset.ofText }

  /// What a whole body is.
  borrowing func form(of body: Span<UInt8>) -> Form {
    if body.isEmpty { return .null }
    if isBinary { return .binary }
    if mediaType.kind == .json, isJSON(body) { return .json }
    return isText(body) ? .text : .binary
  }

  /// What a body is that begins like this, as far as that can be said.
  borrowing func form(ofPrefix body: Span<UInt8>) -> Form {
    if isBinary { return .binary }
    if mediaType.kind == .json {
      var validator = JSONValidator(depthMax: Self.jsonDepthMax)
      if validator.process(body) { return .json }
    }
    if mediaType.charset != .utf8 { return isText(body) ? .text : .binary }
    // It may end within a character.
    var characters = UTF8Validator()
    return characters.process(body) ? .text : .binary
  }

  private borrowing func isJSON(_ body: Span<UInt8>) -> Bool {
    do throws(JSONFault) {
      _ = try JSONScanner.validate(body, depthMax: Self.jsonDepthMax)
      return true
    } catch {
      return false
    }
  }

  private borrowing func isText(_ body: Span<UInt8>) -> Bool {
    switch mediaType.charset {
    case .utf8: UTF8Validation.isValid(body)
    case .latin1, .windows1252: true
    case .other: false
    }
  }

  // MARK: Writing

  /// Appends the whole envelope. Of a binary body `file` tells, and `body` is not looked at.
  mutating func append(
    _ form: Form, status: Int, body: Span<UInt8>, file: BinaryData? = nil,
    into target: inout ByteBuffer
  ) {
    appendHead(form, into: &target)
    switch form {
    case .null, .binary: break
    case .json: target.append(body)
    case .text:
      switch mediaType.charset {
      case .utf8, .other: JSONWriter.append(content: body, into: &target)
      case .latin1: JSONWriter.append(singleBytes: body, isWindows1252: false, into: &target)
      case .windows1252: JSONWriter.append(singleBytes: body, isWindows1252: true, into: &target)
      }
    }
    appendTail(form, status: status, file: file, into: &target)
  }

  /// Appends what stands in front of the body.
  func appendHead(_ form: Form, into target: inout ByteBuffer) {
    target.append("{\"data\":")
    switch form {
    case .json: break
    case .text: target.append(0x22)
    case .null, .binary: target.append("null")
    }
  }

  /// Appends what stands behind the body.
  mutating func appendTail(
    _ form: Form, status: Int, file: BinaryData? = nil, into target: inout ByteBuffer
  ) {
    if form == .text { target.append(0x22) }
    target.append(",\"status\":")
    target.append(decimal: status)
    target.append(",\"headers\":{")
    writeHeaders(into: &target)
    target.append(0x7d)
    if isSession { target.append(",\"result_type\":\"completed\"") }
    if let file {
      target.append(",\"binary_data\":")
      file.write(into: &target)
    }
    target.append(0x7d)
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
