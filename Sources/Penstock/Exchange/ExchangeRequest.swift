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
    isIdempotent = IdempotentMethod.contains(bytes[head.method])
    record.describe(upstreamHost: account.base.hostHeader)
    writeStreamHead(bytes, account, rest: rest, pathCount: pathCount)
    sendContinue()
    connect(to: account, pool: worker.basePool(of: account))
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
    RequestRewrite.appendClientFields(head, bytes, account, shown: shown, into: &requestBytes)
    RequestRewrite.appendFraming(requestFraming, method: method, into: &requestBytes)
    RequestRewrite.appendOwnFields(
      account, requestID: record.requestID.span, takesTrailers: takesTrailers, into: &requestBytes)
    isRequestChunked = requestFraming == .chunked
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
    if state.request == .discarding || execute != nil { return true }
    let limits = worker.configuration.limits
    if let upstream, isConnected { return upstream.outputCount < limits.writeBufferHighBytes }
    return requestBytes.count < limits.retryHeldBytes
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
      if !canTakeRequestBody {
        isUploadPaused = true
        return false
      }
      switch requestBody.next(input.span, &position) {
      case .needsMore: return false
      case .payload(let count):
        onRequestBody(input.span.extracting((position - count)..<position))
      case .trailer: break  // no upstream has said that it takes any
      case .ended: onRequestEnded()
      case .failed(let fault): onRequestBroken(fault)
      }
    }
    return true
  }

  private func onRequestBody(_ payload: Span<UInt8>) {
    if state.request == .discarding {
      discardedBytes += payload.count
      if discardedBytes > worker.configuration.limits.lingeringBytes { state.onDiscardedTooMuch() }
      return
    }
    if execute != nil {
      onEnvelopeBytes(payload)
      return
    }
    if isHeld, requestBytes.count + payload.count > worker.configuration.limits.retryHeldBytes,
      isConnected
    {
      isHeld = false
      requestBytes.removeAll()
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

  private func onRequestEnded() {
    let wasReceiving = state.request == .receiving
    state.onRequestWhole()
    guard wasReceiving else { return }
    if execute != nil {
      onEnvelopeEnded()
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
