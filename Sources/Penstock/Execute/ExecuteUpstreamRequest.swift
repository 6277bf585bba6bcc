import Wire

/// What an envelope's request becomes: an account, a destination, a target.
extension ExecuteRequest {
  /// Adds what the log tells of the inner request.
  borrowing func describe(in record: inout AccessRecord, fieldBytesMax: Int) {
    var name = ByteBuffer()
    name.append(method.name)
    record.describe(
      method: name.span, target: EndpointText.path(endpoint), fieldBytesMax: fieldBytesMax)
    if !userID.isEmpty { record.describe("user_id", userID, fieldBytesMax: fieldBytesMax) }
  }

  /// The index of the account that is named; nil where there is none of that name.
  borrowing func account(in router: Router) -> Int? { router.account(id: connectedAccountID) }

  /// The index of the account of the toolkit that is named; nil where there is none of that name.
  borrowing func toolkitAccount(in configuration: ExecuteConfiguration) -> Int? {
    configuration.account(ofToolkit: toolkitSlug)
  }

  borrowing func resolve(
    _ resolver: inout EndpointResolver, for account: Account
  ) throws(PenstockError) -> EndpointResolver.Resolved {
    try resolver.resolve(endpoint, for: account)
  }

  /// No parameter may stand where the account puts something.
  borrowing func checkSlots(of account: Account) throws(PenstockError) {
    for parameter in parameters where parameter.kind == .header {
      let name = bytes(parameter.name)
      // Answers are put into the envelope as they come, so no coding is asked for.
      if HeaderNames.matchesLoosely(name, "accept-encoding") { throw .reservedHeader }
      if account.sets(name) { throw .reservedHeader }
    }
    guard let slot = account.credential.query else { return }
    let slotName = Array(slot.name.utf8)
    for parameter in parameters where parameter.kind == .query {
      if bytes(parameter.name).equalsIgnoringCase(slotName.span) { throw .reservedParameter }
    }
    if EndpointText.queryNames(endpoint, contain: slotName.span) { throw .reservedParameter }
  }

  /// Appends path and query: the endpoint's, then the query parameters, then the credential.
  borrowing func appendTarget(
    _ account: Account, _ resolved: EndpointResolver.Resolved, into out: inout ByteBuffer
  ) {
    let target = endpoint[resolved.target]
    if resolved.isRelative { out.append(account.base.path) }
    if target.isEmpty || target[0] == 0x3f { out.append(0x2f) }
    out.append(target)
    var mark = EndpointText.nextQueryMark(target)
    if hasQuery {
      if let mark { out.append(mark) }
      appendQuery(into: &out)
      mark = 0x26
    }
    appendQueryCredential(account, behind: mark, into: &out)
  }
}

extension ExecuteMethod {
  var label: MethodLabel {
    switch self {
    case .get: .get
    case .post: .post
    case .put: .put
    case .delete: .delete
    case .patch: .patch
    case .head: .head
    }
  }
}

// A span of a class's buffer cannot be passed on beside it; the buffer itself can.

extension ExecuteRequest {
  borrowing func appendBody(
    _ range: Range<Int>, from envelope: borrowing ByteBuffer, into target: inout ByteBuffer
  ) {
    appendBody(range, from: envelope.span, into: &target)
  }
}
