import Wire

/// What one envelope asks for, checked.
///
/// A JSON body stays where it is, as a slice of the envelope; all other strings are copied,
/// unescaped, into scratch memory of its own. Owned by one connection and used again: `reset`
/// keeps its memory. Which account it names and where it may go is decided elsewhere.
struct ExecuteRequest: ~Copyable {
  enum Body {
    case none
    /// Sent as it stands in the envelope.
    case json(JSONSlice)
    /// A string that its Content-Type parameter says is not JSON.
    case text(Slice)
    /// What `binary_body.base64` means, decoded within the envelope.
    case bytes(Slice)
    /// `binary_body.url`: the body is still to be fetched.
    case url(Slice)
  }

  /// Scratch memory that `reset` keeps, in bytes; a larger body's is given back.
  static let scratchBytesKept = 64 * 1024
  /// How many problems are told of; more help nobody.
  static let problemsMax = 20

  var method = ExecuteMethod.get
  var body = Body.none
  var parameters: [ExecuteParameter] = []
  var hasCustomConnectionData = false
  /// The credential that came with the request; given only where that is allowed.
  var inline = InlineCredential()
  /// What is wrong with the envelope, in the order in which it was found.
  private(set) var problems: [FieldProblem] = []

  var endpointSlice = Slice.empty
  var connectedAccountIDSlice: Slice?
  var toolkitSlugSlice = Slice.empty
  var userIDSlice: Slice?
  var bodyContentTypeSlice: Slice?
  private var scratch = ByteBuffer()

  init() {}

  mutating func reset() {
    method = .get
    body = .none
    parameters.removeAll(keepingCapacity: true)
    hasCustomConnectionData = false
    inline.wipe()
    problems.removeAll(keepingCapacity: true)
    endpointSlice = .empty
    connectedAccountIDSlice = nil
    toolkitSlugSlice = .empty
    userIDSlice = nil
    bodyContentTypeSlice = nil
    scratch.removeAll()
    if scratch.capacity > Self.scratchBytesKept { scratch.release() }
  }

  // MARK: Reading it

  var endpoint: Span<UInt8> {
    @_lifetime(borrow self)
    get { scratch.span[endpointSlice] }
  }

  var hasConnectedAccountID: Bool { connectedAccountIDSlice != nil }

  /// Empty where the envelope has none.
  var connectedAccountID: Span<UInt8> {
    @_lifetime(borrow self)
    get { scratch.span[connectedAccountIDSlice ?? .empty] }
  }

  /// Of a session's request, and of one that brings its own credential.
  var toolkitSlug: Span<UInt8> {
    @_lifetime(borrow self)
    get { scratch.span[toolkitSlugSlice] }
  }

  /// Empty where the envelope has none.
  var userID: Span<UInt8> {
    @_lifetime(borrow self)
    get { scratch.span[userIDSlice ?? .empty] }
  }

  /// A string that the request holds: a parameter's name or value, `Body.url`.
  @_lifetime(borrow self)
  borrowing func bytes(_ slice: Slice) -> Span<UInt8> { scratch.span[slice] }

  // MARK: Sending it

  var hasQuery: Bool {
    for parameter in parameters where parameter.kind == .query { return true }
    return false
  }

  /// Appends `name=value&…` of the query parameters, without a `?` or `&` in front.
  borrowing func appendQuery(into target: inout ByteBuffer) {
    var isFirst = true
    for parameter in parameters where parameter.kind == .query {
      if !isFirst { target.append(0x26) }
      isFirst = false
      PercentCoding.encode(scratch.span[parameter.name], into: &target)
      target.append(0x3d)
      PercentCoding.encode(scratch.span[parameter.value], into: &target)
    }
  }

  /// Appends the lines of the header parameters, and a Content-Type where a body needs one.
  borrowing func appendHeaders(into target: inout ByteBuffer) {
    for parameter in parameters where parameter.kind == .header {
      target.append(scratch.span[parameter.name])
      target.append(": ")
      target.append(scratch.span[parameter.value])
      target.append("\r\n")
    }
    if contentTypeParameter != nil { return }
    switch body {
    case .none: break
    case .json: target.append("Content-Type: application/json\r\n")
    case .text, .bytes, .url:
      target.append("Content-Type: ")
      if let bodyContentTypeSlice {
        target.append(scratch.span[bodyContentTypeSlice])
      } else {
        target.append("application/octet-stream")
      }
      target.append("\r\n")
    }
  }

  /// The body's length in bytes; nil where there is no body or it is still to be fetched.
  var bodyCount: Int? {
    switch body {
    case .none, .url: nil
    case .json(let slice): slice.count
    case .text(let slice), .bytes(let slice): Int(slice.count)
    }
  }

  /// Appends the part of the body in `range`, which `bodyCount` bounds; `envelope` is what the
  /// request was parsed from.
  borrowing func appendBody(
    _ range: Range<Int>, from envelope: Span<UInt8>, into target: inout ByteBuffer
  ) {
    switch body {
    case .none, .url: break
    case .json(let slice): target.append(slice.bytes(in: envelope).extracting(range))
    case .text(let slice): target.append(scratch.span[slice].extracting(range))
    case .bytes(let slice): target.append(envelope[slice].extracting(range))
    }
  }

  // MARK: Filling it, for the parser

  /// Copies a string of the envelope, unescaped.
  mutating func keep(_ string: JSONSlice, of envelope: Span<UInt8>) -> Slice {
    let start = scratch.count
    string.unescape(from: envelope, into: &scratch)
    return Slice(start: start, count: scratch.count - start)
  }

  /// Takes over the type of a body that was fetched, where the envelope names none.
  mutating func takeContentType(_ type: Span<UInt8>) {
    if bodyContentTypeSlice != nil || type.isEmpty || !MediaType.isWellFormed(type) { return }
    bodyContentTypeSlice = Slice(start: scratch.count, count: type.count)
    scratch.append(type)
  }

  mutating func add(_ problem: FieldProblem) {
    if problems.count < Self.problemsMax { problems.append(problem) }
  }

  /// The header parameter that names the body's type.
  var contentTypeParameter: ExecuteParameter? {
    for parameter in parameters
    where parameter.kind == .header
      && HeaderNames.matchesLoosely(scratch.span[parameter.name], "content-type")
    {
      return parameter
    }
    return nil
  }
}
