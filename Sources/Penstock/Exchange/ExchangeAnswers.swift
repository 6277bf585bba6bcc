import Wire

/// What Penstock answers itself, and how an exchange ends before its time.
extension Exchange {
  var context: LocalResponse.Context {
    LocalResponse.Context(
      isHead: isToHead, keepsAlive: state.keepsAlive, minorVersion: minorVersion)
  }

  /// Ends the exchange with an error: as an answer where none has begun, else as a cut.
  func fail(_ error: PenstockError, _ phase: Phase) {
    record.phase = phase
    let hasSentBytes = upstream?.hasSentBytes ?? false
    record.times = times(upTo: phase)
    abandonUpstream()
    takeBackHead()
    switch state.response {
    case .awaited: answer(error, hasSentBytes: hasSentBytes)
    case .whole, .cut: break
    case .begun:
      record.error = error
      state.onCut()
    }
    client?.mark()
  }

  /// A head that has not left yet is taken back, so that what has failed can be answered.
  func takeBackHead() {
    guard state.response == .begun, !isTunnel, let client, let mark = responseMark,
      mark.rewind(client)
    else { return }
    responseMark = nil
    state.onResponseTakenBack()
    record.status = 0
    record.bytesSent = 0
    isFinishingResponse = false
    responseStages?.close()
    responseStages = nil
  }

  /// Answers with a row of the error table. `size`: of a file whose range is not to be had.
  /// `retryAfterSeconds`: said where trying again is a matter of waiting.
  func answer(
    _ error: PenstockError, hasSentBytes: Bool = false, allow: StaticString = "",
    problems: [FieldProblem] = [], size: Int? = nil, retryAfterSeconds: Int = 1
  ) {
    if record.requestID.isEmpty { worker.requestIDs.appendNew(to: &record.requestID) }
    let row = error.row
    record.error = error
    if !record.hasUpstream || row.side == .downstream { record.phase = row.phase }
    let isLate = row.status == 504 || record.phase == .queue
    var body = ByteBuffer()
    ErrorEnvelope.write(
      message: row.message, code: row.code, slug: row.slug, status: row.status,
      requestID: record.requestID.span, suggestedFix: row.fix, errors: problems,
      times: isLate ? record.times : nil, into: &body)
    var fields = ByteBuffer()
    fields.append("Proxy-Status: penstock; error=")
    fields.append(row.proxyStatus)
    fields.append("\r\nx-should-retry: ")
    let canRetry = row.isTransient && (!hasSentBytes || isIdempotent)
    settleReplay(.error(error, hasSentBytes: hasSentBytes), keeps: hasSentBytes && !canRetry)
    fields.append(canRetry ? "true\r\n" as StaticString : "false\r\n")
    if row.status == 415 { fields.append("Accept-Encoding: gzip, deflate\r\n") }
    if let size {
      fields.append("Content-Range: bytes */")
      fields.append(decimal: size)
      fields.append("\r\n")
    }
    if row.status == 503 || row.status == 429 {
      fields.appendField("Retry-After", decimal: retryAfterSeconds)
    }
    if row.status == 401 { fields.append("WWW-Authenticate: Bearer\r\n") }
    if allow.utf8CodeUnitCount > 0 { fields.appendField("Allow", allow) }
    serverTiming?.append(into: &fields)
    answer(
      row.status, "application/json", body: body, fields: fields,
      closes: row.closes || awaitsContinue)
  }

  /// Answers 405 with the methods that are allowed (RFC 9110 §15.5.6).
  func answerMethodNotAllowed(_ allowed: StaticString) { answer(.methodNotAllowed, allow: allowed) }

  /// Answers with a text of Penstock's own.
  func answerOK(
    _ status: Int, _ contentType: StaticString, _ text: StaticString,
    extraFields: StaticString = ""
  ) {
    var body = ByteBuffer()
    body.append(text)
    var fields = ByteBuffer()
    fields.append(extraFields)
    answer(status, contentType, body: body, fields: fields, closes: false)
  }

  func answerHealth(isReady: Bool) {
    if isReady {
      answerOK(200, "text/plain; charset=utf-8", "ok\n")
    } else {
      answer(.draining)
    }
  }

  /// Appends a whole answer to the client's output.
  func answer(
    _ status: Int, _ contentType: StaticString, body: borrowing ByteBuffer,
    fields: borrowing ByteBuffer, closes: Bool
  ) {
    guard let client else { return }
    state.onLocalAnswer(closes: closes || client.isLastRequest, canDrain: canDrain)
    let before = client.output.count
    worker.blocks.provide(&client.output)
    LocalResponse.append(
      status: status, contentType: contentType, fields: fields, body: body, context,
      requestID: record.requestID.span, date: worker.date, into: &client.output)
    record.status = status
    record.bytesSent += client.output.count - before
    client.mark()
  }

  /// A body that may be small can be read to its end, so that the connection goes on.
  private var canDrain: Bool {
    if awaitsContinue { return false }
    guard case .length(let count) = requestFraming else { return true }
    return count <= worker.configuration.limits.lingeringBytes
  }

  // MARK: Timeouts and ends

  /// The client does not send the rest of its request.
  func onBodyTimeout() {
    switch state.response {
    case .awaited: fail(.requestTimeout, .receive)
    case .begun: fail(.clientBodyTimeout, .receive)
    case .whole, .cut: if state.request == .discarding { state.onDiscardedTooMuch() }
    }
    client?.mark()
  }

  /// The exchange as a whole took too long. The answer names the phase that it was in.
  ///
  /// Behind a whole response only the client is waited for, which has a timeout of its own.
  func onTotalTimeout() {
    leaveReplay()
    if state.response == .whole || state.response == .cut { return }
    if execute?.isFileEnding ?? false || awaitedTask != nil || client?.file != nil {
      fail(.spoolUnavailable, .respond)
      return
    }
    if execute?.fetch != nil {
      fail(.binaryURLTimeout, .receive)
      return
    }
    let phase = upstream.map { Phase($0.phase) } ?? record.phase
    fail(PenstockError(timeoutIn: phase), phase)
  }

  /// Where the time went until now, in which the exchange is in that phase; while the upstream's
  /// connection is still there to be asked.
  func times(upTo phase: Phase) -> PhaseTimes {
    var times = PhaseTimes(startNanoseconds: record.startNanoseconds)
    times.add(.receive, untilNanoseconds: record.acquiredNanoseconds)
    times.add(.firstByte, untilNanoseconds: record.retriedNanoseconds)
    if let upstream, !record.isReused {
      times.add(.queue, untilNanoseconds: upstream.dialedNanoseconds)
      times.add(.dns, untilNanoseconds: upstream.namedNanoseconds)
      times.add(.connect, untilNanoseconds: upstream.openedNanoseconds)
      if upstream.isTLS { times.add(.tls, untilNanoseconds: record.sentNanoseconds) }
    }
    times.add(.queue, untilNanoseconds: record.sentNanoseconds)
    if record.firstByteNanoseconds > 0 {
      times.add(.send, untilNanoseconds: record.writtenNanoseconds)
      times.add(.firstByte, untilNanoseconds: record.firstByteNanoseconds)
      times.add(.body, untilNanoseconds: record.endedNanoseconds)
    } else if record.sentNanoseconds > 0, let upstream, phase != .send {
      times.add(.send, untilNanoseconds: upstream.writtenNanoseconds)
    }
    times.add(phase, untilNanoseconds: worker.loop.nowNanoseconds)
    return times
  }

  /// The client is gone, or is made to go.
  func onClientGone(_ error: PenstockError) {
    let phase = upstream.map { Phase($0.phase) } ?? (isQueued ? .queue : .respond)
    record.phase = wantsRequestBody ? .receive : phase
    let hasSentBytes = upstream?.hasSentBytes ?? false
    // Who joined too late to keep it alive may try again, as nothing was done.
    settleReplay(
      hasSentBytes ? .notKept : .error(.overloaded, hasSentBytes: false), keeps: hasSentBytes)
    leaveReplay()
    if record.times == nil { record.times = times(upTo: record.phase) }
    abandonUpstream()
    if record.error == nil { record.error = error }
    if state.response == .awaited { record.status = error.row.status }
  }

  /// What has begun goes no further.
  func cutOff() {
    abandonUpstream()
    state.onCut()
  }

  func abandonUpstream() {
    isAbandoned = true
    endFetch()
    cancelFile()
    if isQueued { pool?.leaveQueue(self) }
    isQueued = false
    upstream?.abandon()
    upstream = nil
    isConnected = false
  }
}
