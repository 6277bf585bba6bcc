import Upstream
import Wire

/// The envelope endpoint: two different ends on the same exchange. Here the envelope on the way in.
///
/// The whole of it is read and checked before anything leaves, for the account may stand behind the
/// payload. What it holds is then sent from where it stands. The way out is in ExecuteAnswer.
extension Exchange {
  // MARK: The head

  /// `session`: in whose name; empty where it is nobody's.
  func beginExecute(
    _ bytes: Span<UInt8>, host: Slice, isRetiredVersion: Bool, session: Span<UInt8> = Span()
  ) {
    record.route = "execute"
    if !session.isEmpty { record.describe("session_id", session, fieldBytesMax: session.count) }
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
    execute?.session.append(session)
    execute?.takeHost(bytes[host])
    guard takeIdempotencyKey(bytes) else { return }
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
      compression = account.compressionRule
      if account.disabled { throw .accountDisabled }
      let resolved = try execute.request.resolve(&worker.endpointResolver, for: account)
      try checkRules(execute.request, account, resolved)
      try execute.request.checkSlots(of: account)
      try placeInlineCredential(execute, account)
      record.describe(upstreamHost: Array(resolved.origin.hostHeader.utf8))
      isIdempotent = execute.request.method.isIdempotent
      isRequestChunked = false
      setDeadline(execute, account)
      guard claimReplay(execute), isAdmitted(to: account) else { return }
      if case .url = execute.request.body {
        try beginFetch(execute, account, resolved)
      } else {
        send(execute, account, resolved, execute.framing)
      }
    } catch {
      answer(error, problems: execute.request.problems)
    }
  }

  /// `framing`: of the inner request's body.
  func send(
    _ execute: ExecuteEnd, _ account: Account, _ resolved: EndpointResolver.Resolved,
    _ framing: Framing
  ) {
    guard let pool = pool(for: execute, account, resolved) else {
      answer(.internalError)
      return
    }
    writeEnvelopeRequest(execute, account, resolved, framing)
    connect(to: account, pool: pool)
  }

  /// Method and path of the log line are the inner request's.
  private func describe(_ execute: ExecuteEnd) {
    execute.describe(in: &record, fieldBytesMax: worker.configuration.limits.logFieldBytes)
    record.method = execute.request.method.label
  }

  private func checkSupported(_ execute: ExecuteEnd) throws(PenstockError) {
    if execute.request.hasCustomConnectionData, !execute.request.inline.isGiven {
      throw .customConnectionDataOff
    }
  }

  private func writeEnvelopeRequest(
    _ execute: ExecuteEnd, _ account: Account, _ resolved: EndpointResolver.Resolved,
    _ framing: Framing
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
    switch framing {
    case .length(let count): requestBytes.appendField("Content-Length", decimal: count)
    case .chunked: requestBytes.append("Transfer-Encoding: chunked\r\n")
    case .none, .untilClose: break
    }
    _ = appendTraceParent(account)
    execute.request.appendOwnFields(
      account, requestID: record.requestID.span, into: &requestBytes)
    requestBytes.append("\r\n")
    execute.beginBody(appendedUpTo: worker.configuration.limits.retryHeldBytes, to: &requestBytes)
  }

  /// Sends as much of the envelope's body as there is room for, from where it stands: it is still
  /// there if it has to be sent again. One that is fetched comes by itself.
  func sendEnvelopeBody() {
    guard let execute, let upstream, isConnected, !execute.isBodySent else { return }
    if let fetch = execute.fetch {
      fetch.onDrained()
      return
    }
    while execute.bodyLeft > 0, requestRoom > 0 {
      execute.takeBody(atMost: requestRoom, into: &worker.staged)
      worker.withStaged { upstream.send($0) }
    }
    if execute.bodyLeft > 0 { return }
    execute.isBodySent = true
    upstream.endRequest(isChunked: isRequestChunked)
  }

  /// The answer, a 504 if need be, comes before the client gives up.
  private func setDeadline(_ execute: ExecuteEnd, _ account: Account) {
    let milliseconds = execute.deadline.milliseconds(
      configured: account.timeouts.totalMilliseconds,
      margin: worker.configuration.execute.deadlineMarginMilliseconds)
    execute.deadlineNanoseconds = record.startNanoseconds + Int64(milliseconds) * 1_000_000
  }
}

extension Origin {
  /// The value of Host: the port only where it is not the scheme's own.
  var hostHeader: String {
    let isDefault = port == BaseURL.defaultPort(isTLS: isTLS)
    let name = isIPv6Literal ? "[\(host)]" : host
    return isDefault ? name : authority
  }
}
