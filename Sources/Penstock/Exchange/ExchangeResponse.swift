import Body
import EventLoop
import Upstream
import Wire

/// What the upstream connection tells: connected, the response's head, its body, its end, or a
/// failure.
extension Exchange: UpstreamExchange {
  // MARK: The upstream

  func connect(toBaseOf account: Account) {
    guard let pool = worker.basePool(of: account) else {
      answer(.internalError)
      return
    }
    connect(to: account, pool: pool)
  }

  /// Asks for a connection; the request in `requestBytes` goes out on it.
  func connect(to account: Account, pool: ConnectionPool) {
    self.account = account
    self.pool = pool
    record.hasUpstream = true
    record.phase = .connect
    record.acquiredNanoseconds = worker.loop.nowNanoseconds
    setTotalTimeout()
    acquire(isFresh: false)
  }

  /// The time that the exchange may take from now on, where the account or the envelope's client
  /// gives it one.
  private func setTotalTimeout() {
    guard let account, let client else { return }
    if let deadline = execute?.deadlineNanoseconds {
      client.setExchangeTimeout(atNanoseconds: deadline)
    } else if account.timeouts.totalMilliseconds > 0 {
      client.setExchangeTimeout(milliseconds: account.timeouts.totalMilliseconds)
    } else {
      client.clearExchangeTimeout()
    }
  }

  private func acquire(isFresh: Bool) {
    guard let pool else { return }
    switch pool.acquire(for: self, isFresh: isFresh) {
    case .reused(let connection):
      record.isReused = true
      onConnected(connection)
    case .dialing(let connection): onDialing(connection)
    case .queued:
      isQueued = true
      record.phase = .queue
      setQueueTimeout()
    case .failed(let failure): onConnectFailed(failure)
    }
  }

  /// Waiting for a connection is a part of connecting, and bounded with it; and by the deadline.
  private func setQueueTimeout() {
    let wait = Int64(account?.timeouts.connectMilliseconds ?? 0) * 1_000_000
    let end = worker.loop.nowNanoseconds + wait
    client?.setExchangeTimeout(atNanoseconds: min(end, execute?.deadlineNanoseconds ?? end))
  }

  func onDialing(_ connection: UpstreamConnection) {
    if isQueued { setTotalTimeout() }
    isQueued = false
    record.isReused = false
    upstream = connection
  }

  func onConnected(_ connection: UpstreamConnection) {
    upstream = connection
    isConnected = true
    if isQueued { setTotalTimeout() }
    isQueued = false
    record.phase = .send
    record.isReused = connection.answered > 0
    if !record.isReused {
      record.dial = connection.times
      record.tlsNanoseconds = connection.tlsNanoseconds
      let micros = connection.times.nameMicroseconds + connection.times.connectMicroseconds
      worker.shard.observeConnect(
        nanoseconds: Int64(micros) * 1000 + connection.tlsNanoseconds)
    }
    connection.beginRequest(
      isToHead: execute?.isToHead ?? isToHead, asksUpgrade: asksUpgrade)
    connection.send(requestBytes.span)
    if let spool {
      guard let content = spool.content() else {
        fail(.resourceExhausted, .send)
        return
      }
      connection.send(content)
    }
    if let execute {
      execute.rewindBody()
      sendEnvelopeBody()
    } else if state.request == .whole {
      connection.endRequest(isChunked: isRequestChunked)
    }
    record.sentNanoseconds = worker.loop.nowNanoseconds
    record.addedNanoseconds += worker.loop.sinceTurnBegan()
    resumeUpload()
    client?.mark()
  }

  func onConnectFailed(_ failure: UpstreamFailure) {
    isQueued = false
    fail(PenstockError(failure.kind), Phase(failure.phase))
  }

  /// What waited for the upstream goes on.
  private func resumeUpload() {
    sendEnvelopeBody()
    guard isUploadPaused, canTakeRequestBody else { return }
    isUploadPaused = false
    client?.resumeInput()
  }

  func onUpstreamDrained() {
    if isTunnel {
      movedNanoseconds = worker.loop.nowNanoseconds
      client?.mark()
    }
    resumeUpload()
  }

  func onUpstreamFailed(_ failure: UpstreamFailure) {
    let wasReused = record.isReused
    let times = times(upTo: Phase(failure.phase))
    upstream = nil
    isConnected = false
    if isAbandoned { return }
    takeBackHead()
    let attempt = ExchangeState.Attempt(
      hasSentBytes: failure.hasSentBytes, isReused: wasReused,
      isClosedUnanswered: failure.isUnanswered && failure.isClosing, isHeld: isHeld,
      isIdempotent: isIdempotent)
    record.phase = Phase(failure.phase)
    switch state.onUpstreamFailed(attempt) {
    case .retry:
      record.retries += 1
      record.retriedNanoseconds = worker.loop.nowNanoseconds
      acquire(isFresh: true)
    case .answer:
      record.times = times
      answer(PenstockError(failure.kind), hasSentBytes: failure.hasSentBytes)
    case .cut:
      record.times = times
      record.error = PenstockError(failure.kind)
    }
    client?.mark()
  }

  // MARK: The response down

  var canTakeBody: Bool { !isDownstreamFull }

  func onResponseHead(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: Framing) {
    if isAbandoned { return }
    record.upstreamStatus = head.status
    record.writtenNanoseconds = upstream?.writtenNanoseconds ?? 0
    record.firstByteNanoseconds = worker.loop.nowNanoseconds
    record.phase = .body
    guard let client, let account else { return }
    noteQuota(head, bytes)
    if execute != nil {
      onEnvelopeHead(head, bytes, framing, account)
      return
    }
    var coding = ResponseCoding(
      head, bytes, framing: framing, accepted: accepted, rule: compression, isToHead: isToHead)
    if forbidsTransforming { coding = .asIs }
    planResponseBody(&coding, framing)
    hasKnownLength = if case .length = framing { true } else { false }
    responseFraming = ResponseRewrite.framing(
      framing, toMinorVersion: minorVersion, isTransformed: coding.isTransformed)
    if responseFraming == .untilClose || client.isLastRequest { state.onLastRequest() }
    responseMark = OutputMark(client)
    let before = client.output.count
    worker.blocks.provide(&client.output)
    ResponseRewrite.append(
      head, bytes, account, framing: responseFraming, coding: coding, isToHead: isToHead,
      context: context, requestID: record.requestID.span, timing: serverTiming, into: &client.output
    )
    record.status = head.status
    record.bytesSent += client.output.count - before
    state.onResponseBegun()
    record.addedNanoseconds += worker.loop.sinceTurnBegan()
    client.mark()
  }

  func onResponseBody(_ payload: Span<UInt8>) -> Int {
    if isAbandoned { return payload.count }
    var taken = payload.count
    if responseStages != nil {
      taken = runResponseStages(payload)
    } else {
      appendResponseBody(payload)
    }
    if execute != nil, !isAbandoned { countEnvelopeBytes(taken) }
    return taken
  }

  /// True while an envelope's answer is not written to the client as it comes.
  var isHoldingEnvelope: Bool { execute != nil && state.response == .awaited }

  /// Payload as it goes down, behind the stages.
  func appendResponseBody(_ payload: Span<UInt8>) {
    if isHoldingEnvelope {
      onEnvelopeBody(payload)
      return
    }
    guard let client else { return }
    let before = client.output.count
    worker.blocks.provide(&client.output)
    if responseFraming == .chunked {
      client.output.appendChunk(payload)
    } else {
      client.output.append(payload)
    }
    onAppended(client.output.count - before)
  }

  func moveResponseBody(from stream: inout ByteStream, count: Int) -> StreamResult? {
    guard !isAbandoned, execute == nil, responseStages == nil, let client else { return nil }
    let result = client.moveBody(
      from: &stream, count: count, isChunk: responseFraming == .chunked)
    if case .moved(let moved)? = result { onAppended(moved) }
    return result
  }

  private func onAppended(_ count: Int) {
    guard let client else { return }
    record.bytesSent += count
    movedNanoseconds = worker.loop.nowNanoseconds
    // Behind a pipe nothing can be appended until it is empty.
    let high = worker.configuration.limits.writeBufferHighBytes
    if client.pipe != nil || client.output.count >= high { isDownstreamFull = true }
    client.mark()
  }

  func onResponseEnded() {
    if isAbandoned { return }
    record.endedNanoseconds = worker.loop.nowNanoseconds
    if responseStages != nil {
      isFinishingResponse = true
      finishResponseStages()
    } else {
      onResponseBodyWhole()
    }
  }

  /// All of the body has passed the stages.
  func onResponseBodyWhole() {
    if execute != nil {
      onEnvelopeWhole()
    } else {
      if responseFraming == .chunked { appendLastChunk() }
      state.onResponseWhole(endsConnection: responseFraming == .untilClose)
    }
    client?.mark()
  }

  /// Kept for the end of the body, where the client takes trailers and the field is harmless. An
  /// envelope has none: they would speak of another body.
  func onResponseTrailer(_ field: Field, _ bytes: Span<UInt8>) {
    guard execute == nil, takesTrailers, responseFraming == .chunked, field.known.canTrail,
      let account,
      responseStages == nil || !(field.known.isBoundToCoding || field.known == .etag),
      !CredentialInjector.isLeak(name: bytes[field.name], of: account.credential),
      !CredentialInjector.isLeak(bytes[field.value], of: account.credential)
    else { return }
    trailers.appendField(field, of: bytes)
  }

  func appendLastChunk() {
    guard let client else { return }
    let before = client.output.count
    client.output.append("0\r\n")
    client.output.append(trailers.span)
    client.output.append("\r\n")
    record.bytesSent += client.output.count - before
  }

  /// The client has taken what was written; the upstream may send more.
  func onDownstreamDrained() {
    if !isDownstreamFull { return }
    isDownstreamFull = false
    execute?.restartPace(atNanoseconds: worker.loop.nowNanoseconds)
    if isFinishingResponse {
      finishResponseStages()
    } else {
      upstream?.reconsider()
    }
  }
}
