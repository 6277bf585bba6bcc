import Body
import EventLoop
import Upstream
import Wire

/// The request up: its head in its upstream form, then the body as it comes.
extension Exchange {
  func stream(_ bytes: Span<UInt8>, to account: Account, rest: Span<UInt8>) {
    record.account = account.index
    if account.disabled {
      answer(.accountDisabled)
      return
    }
    let pathCount = rest.index(of: 0x3f, from: 0) ?? rest.count
    switch worker.pathRule.fault(in: rest.extracting(0..<pathCount)) {
    case .malformed:
      answer(.invalidEndpoint)
      return
    case .dotSegment:
      answer(.dotSegments)
      return
    case nil: break
    }
    let path = Slice(start: 0, count: pathCount)
    if !areRulesMet(bytes[head.method], rest, path, account) {
      answer(.ruleDenied)
      return
    }
    isIdempotent = IdempotentMethod.contains(bytes[head.method])
    record.describe(upstreamHost: account.base.hostHeader)
    self.account = account
    guard isAdmitted(to: account), planRequestBody(bytes, account) else { return }
    writeStreamHead(bytes, account, rest: rest, pathCount: pathCount)
    sendContinue()
    // A body that is collected first is sent when its length is known.
    if spool == nil { connect(toBaseOf: account) }
  }

  private func writeStreamHead(
    _ bytes: Span<UInt8>, _ account: Account, rest: Span<UInt8>, pathCount: Int
  ) {
    let method = bytes[head.method]
    requestBytes.append(method)
    requestBytes.append(0x20)
    requestBytes.append(account.base.path)
    requestBytes.append(rest.extracting(0..<pathCount))
    if account.base.path.isEmpty, pathCount == 0 { requestBytes.append(0x2f) }
    if let slot = account.credential.query {
      let query = rest.extracting(min(pathCount + 1, rest.count)..<rest.count)
      let hasQuery = RequestRewrite.appendQuery(query, without: slot, into: &requestBytes)
      CredentialInjector.injectQuery(
        account.credential, behind: hasQuery ? 0x26 : 0x3f, into: &requestBytes)
    } else {
      requestBytes.append(rest.extracting(pathCount..<rest.count))
    }
    requestBytes.append(" HTTP/1.1\r\n")
    requestBytes.appendField("Host", account.base.hostHeader)
    RequestRewrite.appendClientFields(
      head, bytes, account, shown: shown, isTransformed: requestStages != nil, into: &requestBytes)
    if let requestEncoding {
      requestBytes.appendField("Content-Encoding", requestEncoding.name)
    }
    if spool == nil {
      let framing = requestStages == nil ? requestFraming : .chunked
      RequestRewrite.appendFraming(framing, method: method, into: &requestBytes)
      isRequestChunked = framing == .chunked
    } else {
      isRequestChunked = false
    }
    if appendTraceParent(account) {
      RequestRewrite.appendTraceState(head, bytes, into: &requestBytes)
    }
    let upgrade = RequestRewrite.upgrade(head, bytes)
    asksUpgrade = upgrade != nil
    RequestRewrite.appendOwnFields(
      account, requestID: record.requestID.span, takesTrailers: takesTrailers, upgrade: upgrade,
      of: bytes, into: &requestBytes)
    // A length that is not known yet is the last field.
    if spool == nil { requestBytes.append("\r\n") }
  }

  /// The client may send its body now; not where it has begun already.
  func sendContinue() {
    guard awaitsContinue, state.request == .receiving, let client else { return }
    awaitsContinue = false
    client.output.append("HTTP/1.1 100 Continue\r\n\r\n")
    client.mark()
  }

  // MARK: The request up

  /// True while bytes of the client belong to this request's body.
  var wantsRequestBody: Bool { state.request == .receiving || state.request == .discarding }

  /// False while what was read already has to go out first.
  var canTakeRequestBody: Bool {
    if state.request == .discarding || execute != nil || spool != nil { return true }
    return requestRoom > 0
  }

  /// How many bytes of the body may be taken now.
  var requestRoom: Int {
    let limits = worker.configuration.limits
    guard let upstream, isConnected else { return limits.retryHeldBytes - requestBytes.count }
    return upstream.hasTail ? 0 : limits.writeBufferHighBytes - upstream.outputCount
  }

  /// Takes body bytes off the client's input. True where the body ended, false where more must
  /// come or must wait.
  func takeRequestBody(_ input: inout ByteBuffer) -> Bool {
    var position = 0
    defer {
      record.bytesReceived += position
      input.consume(position)
    }
    if !input.isEmpty { awaitsContinue = false }
    while wantsRequestBody {
      if !canTakeRequestBody, !requestBody.isSpent {
        isUploadPaused = true
        return false
      }
      switch requestBody.next(input.span, &position) {
      case .needsMore: return false
      case .payload(let count):
        let taken = onRequestBody(input.span.extracting((position - count)..<position))
        if taken < count {
          requestBody.putBack(count - taken, &position)
          isUploadPaused = true
          return false
        }
      case .trailer: break  // no upstream has said that it takes any
      case .ended: onRequestEnded()
      case .failed(let fault): onRequestBroken(fault)
      }
    }
    return true
  }

  /// Returns how many bytes were taken.
  private func onRequestBody(_ payload: Span<UInt8>) -> Int {
    if state.request == .discarding {
      discardedBytes += payload.count
      if discardedBytes > worker.configuration.limits.lingeringBytes { state.onDiscardedTooMuch() }
      return payload.count
    }
    if requestStages != nil { return runRequestStages(payload) }
    appendRequestBody(payload)
    return payload.count
  }

  /// Payload as it goes up, behind the stages.
  func appendRequestBody(_ payload: Span<UInt8>) {
    if execute != nil {
      onEnvelopeBytes(payload)
      return
    }
    if spool != nil {
      collect(payload)
      return
    }
    if isTunnel { movedNanoseconds = worker.loop.nowNanoseconds }
    if isHeld, requestBytes.count + payload.count > worker.configuration.limits.retryHeldBytes,
      isConnected
    {
      letGo()
    }
    if isHeld {
      if isRequestChunked {
        requestBytes.appendChunk(payload)
      } else {
        requestBytes.append(payload)
      }
    }
    guard let upstream, isConnected else { return }
    if isRequestChunked { upstream.sendChunk(payload) } else { upstream.send(payload) }
  }

  /// The request is too large to be sent again.
  private func letGo() {
    isHeld = false
    requestBytes.removeAll()
  }

  /// Moves payload that nobody has to look at from the client's stream towards the upstream: into
  /// a pipe where both ends are plain, else into what is to be sent. nil where there is none.
  func moveRequestBody(from stream: inout ByteStream, count: Int) -> StreamResult? {
    guard state.request == .receiving, requestStages == nil, execute == nil, spool == nil,
      !isRequestChunked, let upstream, isConnected
    else { return nil }
    let wanted = min(requestBody.runBytes, count)
    // What is small enough to be held goes the other way.
    if wanted < Self.leastMoveBytes || requestRoom <= 0 { return nil }
    let result = upstream.moveBody(from: &stream, count: wanted, room: requestRoom)
    guard case .moved(let moved) = result else { return result }
    if isHeld { letGo() }
    movedNanoseconds = worker.loop.nowNanoseconds
    awaitsContinue = false
    requestBody.skip(moved)
    record.bytesReceived += moved
    return result
  }

  private static let leastMoveBytes = 64 * 1024

  private func onRequestEnded() {
    if state.request == .receiving, requestStages != nil, !finishRequestStages() { return }
    let wasReceiving = state.request == .receiving
    if wantsRequestBody { state.onRequestWhole() }
    if wasReceiving { onRequestBodyWhole() }
  }

  /// All of the body has passed the stages.
  private func onRequestBodyWhole() {
    if execute != nil {
      onEnvelopeEnded()
    } else if spool != nil {
      sendCollected()
    } else if let upstream, isConnected {
      upstream.endRequest(isChunked: isRequestChunked)
    }
  }

  private func onRequestBroken(_ fault: BodyFault) {
    if state.request == .discarding {
      state.onDiscardedTooMuch()
      return
    }
    switch fault {
    case .trailersTooLarge: fail(.headersTooLarge, .receive)
    case .malformedChunk, .chunkOverhead, .malformedTrailer: fail(.malformedRequest, .receive)
    }
  }
}
