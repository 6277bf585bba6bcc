import Upstream
import Wire

/// The envelope endpoint: two different ends on the same exchange.
///
/// On the way in the whole envelope is read and checked before anything leaves, for the account
/// may stand behind the payload. On the way out the upstream's answer is put into an envelope.
extension Exchange {
  // MARK: The head

  func beginExecute(_ bytes: Span<UInt8>, isRetiredVersion: Bool) {
    record.route = "execute"
    if !bytes[head.method].equals("POST") {
      answerMethodNotAllowed("POST")
      return
    }
    guard let caller = authenticate(bytes) else { return }
    if isRetiredVersion, !permitsRetiredVersion(caller) {
      answer(.endpointRetired)
      return
    }
    if let fault = bodyFault(bytes) {
      answer(fault)
      return
    }
    guard planEnvelopeCoding(bytes) else { return }
    execute = worker.takeExecuteEnd()
    execute?.deadline = ExecuteDeadline(head, bytes)
    sendContinue()
    if state.request == .whole { onEnvelopeEnded() }
  }

  private func permitsRetiredVersion(_ caller: Project) -> Bool {
    let configuration = worker.configuration.execute
    return switch configuration.v3 {
    case .open: true
    case .allowlist: configuration.v3Allowlist.contains(caller.index)
    case .retired: false
    }
  }

  /// What the head already says against the body.
  private func bodyFault(_ bytes: Span<UInt8>) -> PenstockError? {
    var isJSON = false
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      if field.known == .contentType { isJSON = MediaType.isJSONRequest(bytes[field.value]) }
      index &+= 1
    }
    if !isJSON { return .unsupportedMediaType }
    if case .length(let count) = requestFraming, count > envelopeBytesMax { return .bodyTooLarge }
    return nil
  }

  private var envelopeBytesMax: Int { worker.configuration.limits.executeBodyBytes }

  // MARK: The envelope up

  func onEnvelopeBytes(_ payload: Span<UInt8>) {
    guard let execute else { return }
    if execute.envelope.count + payload.count > envelopeBytesMax {
      fail(.bodyTooLarge, .receive)
    } else {
      execute.envelope.append(payload)
    }
  }

  func onEnvelopeEnded() {
    guard let execute else { return }
    do throws(ExecuteFault) {
      try execute.parse(&worker.envelopeParser)
    } catch {
      answer(PenstockError(error), problems: execute.request.problems)
      return
    }
    describe(execute)
    do throws(PenstockError) {
      try checkSupported(execute)
      let account = try account(of: execute)
      record.account = account.index
      if account.disabled { throw .accountDisabled }
      let resolved = try execute.request.resolve(&worker.endpointResolver, for: account)
      try execute.request.checkSlots(of: account)
      record.describe(upstreamHost: Array(resolved.origin.hostHeader.utf8))
      writeEnvelopeRequest(execute, account, resolved)
      isIdempotent = execute.request.method.isIdempotent
      isRequestChunked = false
      guard let pool = worker.pool(of: account, resolved.origin, isBase: resolved.isBase) else {
        throw .internalError
      }
      setDeadline(execute, account)
      connect(to: account, pool: pool)
    } catch {
      answer(error)
    }
  }

  /// Method and path of the log line are the inner request's.
  private func describe(_ execute: ExecuteEnd) {
    execute.request.describe(
      in: &record, fieldBytesMax: worker.configuration.limits.logFieldBytes)
    record.method = execute.request.method.label
  }

  private func account(of execute: ExecuteEnd) throws(PenstockError) -> Account {
    let caller = worker.configuration.projects[record.project]
    let index =
      execute.request.hasConnectedAccountID
      ? execute.request.account(in: worker.router) : caller.defaultAccount
    guard let index else {
      throw execute.request.hasConnectedAccountID ? .accountNotFound : .missingAuthContext
    }
    // One that is somebody else's is told as one that is not there.
    if !caller.allows[index] { throw .accountNotFound }
    return worker.configuration.accounts[index]
  }

  private func checkSupported(_ execute: ExecuteEnd) throws(PenstockError) {
    if execute.request.hasCustomConnectionData { throw .customConnectionDataOff }
    if case .url = execute.request.body { throw .binaryBodyUnsupported }
  }

  private func writeEnvelopeRequest(
    _ execute: ExecuteEnd, _ account: Account, _ resolved: EndpointResolver.Resolved
  ) {
    requestBytes.append(execute.request.method.name)
    requestBytes.append(0x20)
    execute.request.appendTarget(account, resolved, into: &requestBytes)
    requestBytes.append(" HTTP/1.1\r\nHost: ")
    if resolved.isBase {
      requestBytes.append(account.base.hostHeader)
    } else {
      requestBytes.append(resolved.origin.hostHeader)
    }
    requestBytes.append("\r\n")
    execute.request.appendHeaders(into: &requestBytes)
    if let count = execute.request.bodyCount {
      requestBytes.appendField("Content-Length", decimal: count)
    } else if execute.request.method.canHaveBody, execute.request.method != .delete {
      requestBytes.append("Content-Length: 0\r\n")
    }
    RequestRewrite.appendOwnFields(account, requestID: record.requestID.span, into: &requestBytes)
    requestBytes.append("\r\n")
    execute.appendBody(into: &requestBytes)
  }

  /// The answer, a 504 if need be, comes before the client gives up.
  private func setDeadline(_ execute: ExecuteEnd, _ account: Account) {
    let milliseconds = execute.deadline.milliseconds(
      configured: account.timeouts.totalMilliseconds,
      margin: worker.configuration.execute.deadlineMarginMilliseconds)
    execute.deadlineNanoseconds = record.startNanoseconds + Int64(milliseconds) * 1_000_000
  }

  // MARK: The answer down

  func onEnvelopeHead(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: Framing, _ account: Account
  ) {
    guard let execute else { return }
    if case .length(let count) = framing, count > answerBytesMax {
      fail(.upstreamResponseTooLarge, .body)
      return
    }
    // Nobody but this endpoint reads the body, which it has to see plain.
    var coding = ResponseCoding(
      head, bytes, framing: framing, accepted: AcceptEncoding(), rule: CompressionRule(.off),
      isToHead: execute.isToHead)
    planResponseBody(&coding, framing)
    execute.beginPace(atNanoseconds: worker.loop.nowNanoseconds)
    execute.status = head.status
    execute.writer.beginHeaders()
    let options = ConnectionOptions(head.fields, bytes)
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if field.known.isHopByHop { continue }
      if coding.isTransformed, field.known.isBoundToCoding { continue }
      let name = bytes[field.name]
      if options.hasNominated, options.nominates(name, head.fields, bytes) { continue }
      if CredentialInjector.isLeak(bytes[field.value], of: account.credential) {
        execute.writer.addHeader(name: name, value: redacted.span)
      } else {
        execute.writer.addHeader(name: name, value: bytes[field.value])
      }
    }
  }

  private var answerBytesMax: Int { worker.configuration.limits.executeResponseBytes }

  func onEnvelopeBody(_ payload: Span<UInt8>) {
    guard let execute else { return }
    if execute.answer.count + payload.count > answerBytesMax {
      fail(.upstreamResponseTooLarge, .body)
      return
    }
    execute.answer.append(payload)
    if execute.isTooSlow(
      atNanoseconds: worker.loop.nowNanoseconds, worker.configuration.limits)
    {
      fail(.upstreamTooSlow, .body)
    }
  }

  func onEnvelopeWhole() {
    guard let execute else { return }
    var body = ByteBuffer()
    let form = execute.writer.write(
      status: execute.status, body: execute.answer.span, into: &body)
    if form == .binary {
      answer(.binaryAnswerUnsupported, hasSentBytes: true)
      return
    }
    answer(200, "application/json", body: body, fields: ByteBuffer(), closes: false)
    record.addedNanoseconds += worker.loop.sinceTurnBegan()
  }
}

private let redacted = Array("***".utf8)

extension Origin {
  /// The value of Host: the port only where it is not the scheme's own.
  fileprivate var hostHeader: String {
    let isDefault = port == BaseURL.defaultPort(isTLS: isTLS)
    let name = isIPv6Literal ? "[\(host)]" : host
    return isDefault ? name : authority
  }
}
