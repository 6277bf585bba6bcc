import Wire

/// Reads envelopes into requests.
///
/// The account may come last in an envelope, so the whole of one is read and checked before
/// anything of it is used. One a worker; it keeps its memory between envelopes.
struct ExecuteRequestParser {
  private let parametersMax: Int
  private let depthMax: Int
  private let headerNameBytesMax: Int
  let headerBytesMax: Int
  private let base64BytesMax: Int
  private let readsConnections: Bool
  private var keys = JSONKeySet()
  /// What the envelope is refused for; `validationError` takes the place of any other.
  private var fault: ExecuteFault?
  private var isMethodKnown = false
  /// `binary_body.base64`, to be decoded when nothing else has to be read.
  private var base64: JSONSlice?

  /// `headerBytesMax` bounds the lines of all header parameters together, and a credential;
  /// `base64BytesMax` what a base64 body decodes to. `readsConnections`: `custom_connection_data`
  /// is not merely noticed.
  init(
    parametersMax: Int = 100, depthMax: Int = 64, headerNameBytesMax: Int = 256,
    headerBytesMax: Int = 32 * 1024, base64BytesMax: Int = 4 << 20, readsConnections: Bool = false
  ) {
    self.parametersMax = parametersMax
    self.depthMax = depthMax
    self.headerNameBytesMax = headerNameBytesMax
    self.headerBytesMax = headerBytesMax
    self.base64BytesMax = base64BytesMax
    self.readsConnections = readsConnections
  }

  /// Reads the envelope, in which base64 is decoded where it stands: what it means is then a slice
  /// of the envelope. After a fault `request` holds nothing of use but its `problems`.
  /// `isSession`: it is in a session's name, and names a toolkit instead of an account.
  mutating func parse(
    _ envelope: inout ByteBuffer, isSession: Bool = false, into request: inout ExecuteRequest
  ) throws(ExecuteFault) {
    request.reset()
    fault = nil
    isMethodKnown = false
    base64 = nil
    try read(envelope.span, isSession: isSession, into: &request)
    if let base64 { decode(base64, in: &envelope, &request) }
    if let fault { throw fault }
  }

  private mutating func read(
    _ envelope: Span<UInt8>, isSession: Bool, into request: inout ExecuteRequest
  ) throws(ExecuteFault) {
    let fields = try scan(envelope)
    if fields.isFull { report(.envelope, nil, .tooManyMembers, &request) }
    readNames(fields, envelope, isSession: isSession, &request)
    if readsConnections, let connection = fields[.customConnectionData] {
      try readConnection(connection, fields, envelope, isSession: isSession, &request)
    }
    if let parameters = fields[.parameters] {
      try readParameters(parameters, envelope, &request)
    }
    if let binaryBody = fields[.binaryBody] {
      try readBinaryBody(binaryBody, envelope, &request)
    }
    readBody(fields, envelope, &request)
  }

  /// Passes the whole envelope, so that a syntax error anywhere comes before all else.
  private mutating func scan(_ envelope: Span<UInt8>) throws(ExecuteFault) -> EnvelopeFields {
    let fields: EnvelopeFields
    do throws(JSONFault) {
      var scanner = JSONScanner(depthMax: depthMax)
      guard try scanner.enterObject(envelope) else { throw JSONFault(.unexpectedByte, at: 0) }
      fields = try EnvelopeFields(&scanner, envelope, &keys)
      try scanner.finish(envelope)
    } catch {
      throw .invalidJSON
    }
    if fields.hasDuplicate { throw .duplicateKey }
    return fields
  }

  private mutating func readNames(
    _ fields: EnvelopeFields, _ envelope: Span<UInt8>, isSession: Bool,
    _ request: inout ExecuteRequest
  ) {
    if let endpoint = string(.endpoint, of: fields, .envelope, isRequired: true, &request) {
      request.endpointSlice = request.keep(endpoint, of: envelope)
    }
    if let method = string(.method, of: fields, .envelope, isRequired: true, &request) {
      if let known = ExecuteMethod(method, in: envelope) {
        request.method = known
        isMethodKnown = true
      } else {
        report(.envelope, .method, .unknownMethod, as: .invalidMethod, &request)
      }
    }
    readAccount(fields, envelope, isSession: isSession, &request)
    if let user = string(.userID, of: fields, .envelope, &request) {
      request.userIDSlice = request.keep(user, of: envelope)
    }
    request.hasCustomConnectionData = fields[.customConnectionData] != nil
  }

  private mutating func readAccount(
    _ fields: EnvelopeFields, _ envelope: Span<UInt8>, isSession: Bool,
    _ request: inout ExecuteRequest
  ) {
    if isSession {
      if let slug = string(.toolkitSlug, of: fields, .envelope, isRequired: true, &request) {
        request.toolkitSlugSlice = request.keep(slug, of: envelope)
      }
      return
    }
    if let account = string(.connectedAccountID, of: fields, .envelope, &request) {
      request.connectedAccountIDSlice = request.keep(account, of: envelope)
    }
  }

  // MARK: Parameters

  private mutating func readParameters(
    _ list: JSONSlice, _ envelope: Span<UInt8>, _ request: inout ExecuteRequest
  ) throws(ExecuteFault) {
    guard list.kind == .array else {
      report(.envelope, .parameters, .notAnArray, &request)
      return
    }
    var scanner = JSONScanner(within: list)
    var index = 0
    var headerBytes = 0
    while let item = try nextElement(&scanner, of: list, envelope) {
      if index == parametersMax { throw .tooManyParameters }
      if let parameter = try readParameter(item, at: index, envelope, &request) {
        request.parameters.append(parameter)
        if parameter.kind == .header {
          headerBytes += Int(parameter.name.count) + Int(parameter.value.count) + 4
        }
      }
      index += 1
    }
    if headerBytes > headerBytesMax { note(.parametersTooLarge) }
  }

  /// Returns nil where it has reported a problem.
  private mutating func readParameter(
    _ item: JSONSlice, at index: Int, _ envelope: Span<UInt8>, _ request: inout ExecuteRequest
  ) throws(ExecuteFault) -> ExecuteParameter? {
    let place = FieldProblem.Place.parameter(index)
    guard let fields = try object(item, place, envelope, &request) else { return nil }
    let name = string(.name, of: fields, place, isRequired: true, &request)
    let value = string(.value, of: fields, place, isRequired: true, &request)
    let kind = readKind(fields, place, envelope, &request)
    guard let name, let value, let kind else { return nil }
    let keptName = request.keep(name, of: envelope)
    let keptValue = request.keep(value, of: envelope)
    switch kind {
    case .header:
      let trimmed = Self.trimmed(keptValue, in: request)
      let parameter = ExecuteParameter(kind: kind, name: keptName, value: trimmed)
      return checkHeader(parameter, place, &request) ? parameter : nil
    case .query:
      let parameter = ExecuteParameter(kind: kind, name: keptName, value: keptValue)
      return checkQuery(parameter, place, &request) ? parameter : nil
    }
  }

  /// `type`, or `in`, which is another name for it.
  private mutating func readKind(
    _ fields: EnvelopeFields, _ place: FieldProblem.Place, _ envelope: Span<UInt8>,
    _ request: inout ExecuteRequest
  ) -> ExecuteParameter.Kind? {
    let isByAlias = fields[.type] == nil && fields[.in] != nil
    let field = isByAlias ? EnvelopeField.in : .type
    guard let kind = string(field, of: fields, place, isRequired: true, &request) else {
      return nil
    }
    if !isByAlias, let alias = fields[.in],
      alias.kind != .string || !alias.equals(kind, in: envelope)
    {
      report(place, .type, .contradictory, &request)
      return nil
    }
    if kind.equals("header", in: envelope) { return .header }
    if kind.equals("query", in: envelope) { return .query }
    report(place, field, .neitherHeaderNorQuery, &request)
    return nil
  }

  private mutating func checkHeader(
    _ parameter: ExecuteParameter, _ place: FieldProblem.Place, _ request: inout ExecuteRequest
  ) -> Bool {
    if !isHeaderName(request.bytes(parameter.name)) {
      report(place, .name, .malformedName, as: .invalidHeaderName, &request)
      return false
    }
    if HeaderNames.isReserved(request.bytes(parameter.name)) {
      report(place, .name, .reserved, as: .reservedHeader, &request)
      return false
    }
    if !Self.isHeaderValue(request.bytes(parameter.value)) {
      report(place, .value, .malformedValue, as: .invalidHeaderValue, &request)
      return false
    }
    // Two types would leave it to each reader which one counts.
    let isContentType = HeaderNames.matchesLoosely(request.bytes(parameter.name), "content-type")
    if isContentType, request.contentTypeParameter != nil {
      report(place, .name, .repeated, &request)
      return false
    }
    return true
  }

  private mutating func checkQuery(
    _ parameter: ExecuteParameter, _ place: FieldProblem.Place, _ request: inout ExecuteRequest
  ) -> Bool {
    if parameter.name.isEmpty {
      report(place, .name, .empty, &request)
      return false
    }
    if Self.hasLineEnd(request.bytes(parameter.name)) {
      report(place, .name, .controlCharacter, &request)
      return false
    }
    if Self.hasLineEnd(request.bytes(parameter.value)) {
      report(place, .value, .controlCharacter, &request)
      return false
    }
    return true
  }

  // MARK: Bodies

  private mutating func readBinaryBody(
    _ value: JSONSlice, _ envelope: Span<UInt8>, _ request: inout ExecuteRequest
  ) throws(ExecuteFault) {
    guard let fields = try object(value, .binaryBody, envelope, &request) else { return }
    let url = string(.url, of: fields, .binaryBody, &request)
    base64 = string(.base64, of: fields, .binaryBody, &request)
    if (fields[.url] == nil) == (fields[.base64] == nil) {
      report(.binaryBody, nil, .needsOneSource, as: .conflictingBody, &request)
    }
    if let type = string(.contentType, of: fields, .binaryBody, &request) {
      let kept = request.keep(type, of: envelope)
      if MediaType.isWellFormed(request.bytes(kept)) {
        request.bodyContentTypeSlice = kept
      } else {
        report(.binaryBody, .contentType, .malformedMediaType, as: .invalidContentType, &request)
      }
    }
    if let url { request.body = .url(request.keep(url, of: envelope)) }
  }

  private mutating func decode(
    _ base64: JSONSlice, in envelope: inout ByteBuffer, _ request: inout ExecuteRequest
  ) {
    var count = base64.count - 2
    if base64.isEscaped {
      // Rare: an encoder that writes `/` as `\/`. What a string means is never longer.
      var text = ByteBuffer()
      base64.unescape(from: envelope.span, into: &text)
      count = text.count
      envelope.replace(at: base64.start + 1, with: text.span)
    }
    let start = base64.start + 1
    do throws(Base64.Fault) {
      let decoded = try Base64.decode(inPlace: start..<(start + count), of: &envelope)
      request.body = .bytes(Slice(start: start, count: decoded))
      if decoded > base64BytesMax { note(.base64TooLarge) }
    } catch {
      report(.binaryBody, .base64, .malformedBase64, as: .invalidBase64, &request)
    }
  }

  private mutating func readBody(
    _ fields: EnvelopeFields, _ envelope: Span<UInt8>, _ request: inout ExecuteRequest
  ) {
    let hasBinaryBody = fields[.binaryBody] != nil
    if hasBinaryBody, fields[.body] != nil {
      report(.envelope, .binaryBody, .besideBody, as: .conflictingBody, &request)
      return
    }
    guard hasBinaryBody || fields[.body] != nil else { return }
    if isMethodKnown, !request.method.canHaveBody {
      let field = hasBinaryBody ? EnvelopeField.binaryBody : .body
      report(.envelope, field, .withMethodWithoutBody, as: .bodyNotAllowed, &request)
    }
    guard let body = fields[.body] else { return }
    if body.kind == .string, let type = request.contentTypeParameter,
      !MediaType(request.bytes(type.value)).isJSON
    {
      request.body = .text(request.keep(body, of: envelope))
    } else {
      request.body = .json(body)
    }
  }

  // MARK: Values

  private func nextElement(
    _ scanner: inout JSONScanner, of list: JSONSlice, _ envelope: Span<UInt8>
  ) throws(ExecuteFault) -> JSONSlice? {
    do throws(JSONFault) {
      if scanner.position == list.start { _ = try scanner.enterArray(envelope) }
      return try scanner.nextElement(envelope)
    } catch {
      throw .invalidJSON
    }
  }

  /// The members of an object; nil, and a problem reported, where the value is none.
  mutating func object(
    _ value: JSONSlice, _ place: FieldProblem.Place, _ envelope: Span<UInt8>,
    _ request: inout ExecuteRequest
  ) throws(ExecuteFault) -> EnvelopeFields? {
    guard value.kind == .object else {
      report(place, nil, .notAnObject, &request)
      return nil
    }
    let fields: EnvelopeFields
    do throws(JSONFault) {
      var scanner = JSONScanner(within: value)
      _ = try scanner.enterObject(envelope)
      fields = try EnvelopeFields(&scanner, envelope, &keys)
    } catch {
      throw .invalidJSON
    }
    if fields.hasDuplicate { throw .duplicateKey }
    if fields.isFull { report(place, nil, .tooManyMembers, &request) }
    return fields
  }

  /// A field's value where it is a string; where it is not, or missing and required, nil and a
  /// problem reported.
  mutating func string(
    _ field: EnvelopeField, of fields: EnvelopeFields, _ place: FieldProblem.Place,
    isRequired: Bool = false, _ request: inout ExecuteRequest
  ) -> JSONSlice? {
    guard let value = fields[field] else {
      if isRequired { report(place, field, .missing, &request) }
      return nil
    }
    if value.kind == .string { return value }
    report(place, field, .notAString, &request)
    return nil
  }

  // MARK: Faults

  mutating func report(
    _ place: FieldProblem.Place, _ field: EnvelopeField?, _ deed: FieldProblem.Deed,
    as fault: ExecuteFault = .validationError, _ request: inout ExecuteRequest
  ) {
    request.add(FieldProblem(place: place, field: field, deed: deed))
    note(fault)
  }

  private mutating func note(_ fault: ExecuteFault) {
    if self.fault == nil || fault == .validationError { self.fault = fault }
  }

  // MARK: Bytes

  private func isHeaderName(_ name: Span<UInt8>) -> Bool {
    if name.isEmpty || name.count > headerNameBytesMax { return false }
    for index in 0..<name.count where !ByteClass.isToken(name[index]) { return false }
    return true
  }

  private static func isHeaderValue(_ value: Span<UInt8>) -> Bool {
    for index in 0..<value.count where !ByteClass.isFieldValue(value[index]) { return false }
    return true
  }

  private static func hasLineEnd(_ text: Span<UInt8>) -> Bool {
    for index in 0..<text.count {
      let byte = text[index]
      if byte == 0x0d || byte == 0x0a || byte == 0 { return true }
    }
    return false
  }

  private static func trimmed(_ value: Slice, in request: borrowing ExecuteRequest) -> Slice {
    let bytes = request.bytes(value)
    var start = 0
    var end = bytes.count
    while start < end, isSpace(bytes[start]) { start += 1 }
    while end > start, isSpace(bytes[end - 1]) { end -= 1 }
    return Slice(start: Int(value.start) + start, count: end - start)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
