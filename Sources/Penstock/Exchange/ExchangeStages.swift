import Body
import Wire

/// What changes a body on its way: its content coding is put on or taken off, in either direction.
///
/// Content-Encoding and body always move together: the plan for both is made when the head is
/// written. A stage takes as much as there is room for behind it; the rest stays with the source,
/// which is not read until then.
extension Exchange {
  // MARK: The plans

  /// What becomes of the request's body; false, and answered, where that cannot be done.
  func planRequestBody(_ bytes: Span<UInt8>, _ account: Account) -> Bool {
    if state.request != .receiving { return true }
    let coding = RequestCoding(head, bytes, requestFraming, account)
    switch coding.plan {
    case .asIs: break
    case .decode(let applied):
      guard let stage = worker.makeDecoder(applied) else {
        answer(.overloaded)
        return false
      }
      requestStages = BodyPipeline([stage])
    case .encode(let wanted):
      // Without a context the body goes up as it came.
      if let stage = worker.makeEncoder(
        wanted, level: Compression.defaultLevel, requestFraming)
      {
        requestStages = BodyPipeline([stage])
        requestEncoding = wanted
      }
    }
    if account.requestBuffering {
      let settings = worker.spoolSettings
      if case .length(let count) = requestFraming, count > settings.bytesMax, requestStages == nil {
        answer(.bodyTooLarge)
        return false
      }
      spool = RequestSpool(settings)
    }
    return true
  }

  /// An envelope may be coded, too, once; false, and answered, where it cannot be read.
  func planEnvelopeCoding(_ bytes: Span<UInt8>) -> Bool {
    let applied = RequestCoding.Applied(head, bytes)
    if applied.count == 0 || state.request != .receiving { return true }
    guard let coding = applied.single else {
      answer(.unsupportedEncoding)
      return false
    }
    let holdsSecrets = worker.configuration.execute.customConnectionData
    guard let stage = worker.makeDecoder(coding, holdsSecrets: holdsSecrets) else {
      answer(.overloaded)
      return false
    }
    requestStages = BodyPipeline([stage])
    return true
  }

  /// What becomes of the response's body. Without a context it goes down as it came.
  /// `decodedBytesMax`: the most that may come out where a coding is taken off; nil for no limit.
  func planResponseBody(
    _ coding: inout ResponseCoding, _ framing: Framing, decodedBytesMax: Int? = nil
  ) {
    let stage: (any BodyStage)? =
      switch coding.plan {
      case .asIs: nil
      case .encode(let wanted): worker.makeEncoder(wanted, level: compression.level, framing)
      case .decode(let applied): worker.makeDecoder(applied, bytesMax: decodedBytesMax)
      }
    guard let stage else {
      coding.plan = .asIs
      return
    }
    responseStages = BodyPipeline([stage])
    if case .decode = coding.plan { mayBeEmpty = framing != .untilClose }
  }

  func closeStages() {
    requestStages?.close()
    requestStages = nil
    responseStages?.close()
    responseStages = nil
  }

  // MARK: The request up

  /// Returns how many bytes were taken.
  func runRequestStages(_ payload: Span<UInt8>) -> Int {
    guard let requestStages else { return payload.count }
    hasHeldRequest = true
    var position = 0
    while stageRoomUp > 0 {
      let progress = requestStages.process(
        payload, &position, into: &worker.staged, room: min(stageRoomUp, Self.pieceBytes))
      appendStagedRequest()
      if state.request != .receiving { return payload.count }
      switch progress {
      case .full: continue
      case .needsInput:
        client?.mark()
        return position
      case .failed(let fault):
        fail(PenstockError(request: fault), .receive)
        return payload.count
      }
    }
    return position
  }

  /// The request's body has ended; true where all of it has passed, false where there is no room
  /// for the rest, or the body was broken.
  func finishRequestStages() -> Bool {
    guard let requestStages else { return true }
    while stageRoomUp > 0 {
      let progress = requestStages.finish(
        into: &worker.staged, room: min(stageRoomUp, Self.pieceBytes))
      appendStagedRequest()
      if state.request != .receiving { return false }
      switch progress {
      case .full: continue
      case .needsInput:
        requestStages.close()
        self.requestStages = nil
        return true
      case .failed(let fault):
        fail(PenstockError(request: fault), .receive)
        return false
      }
    }
    return false
  }

  /// The envelope and the spool have bounds of their own.
  private var stageRoomUp: Int {
    execute != nil || spool != nil ? Self.pieceBytes : requestRoom
  }

  private func appendStagedRequest() {
    if worker.staged.isEmpty { return }
    worker.withStaged { appendRequestBody($0) }
  }

  // MARK: The response down

  /// Returns how many bytes were taken.
  func runResponseStages(_ payload: Span<UInt8>) -> Int {
    guard let responseStages else { return payload.count }
    mayBeEmpty = false
    if heldResponseNanoseconds == 0 { heldResponseNanoseconds = worker.loop.nowNanoseconds }
    var position = 0
    while stageRoomDown > 0 {
      let progress = responseStages.process(
        payload, &position, into: &worker.staged, room: min(stageRoomDown, Self.pieceBytes))
      appendStagedResponse()
      if isAbandoned { return payload.count }
      switch progress {
      case .full: continue
      case .needsInput:
        client?.mark()
        return position
      case .failed(let fault):
        fail(PenstockError(response: fault), .body)
        return payload.count
      }
    }
    isDownstreamFull = true
    return position
  }

  /// The upstream's body has ended: gives the rest, as far as there is room for it now.
  func finishResponseStages() {
    guard let responseStages, isFinishingResponse else { return }
    if mayBeEmpty {
      onStagesFinished()
      return
    }
    while stageRoomDown > 0 {
      let progress = responseStages.finish(
        into: &worker.staged, room: min(stageRoomDown, Self.pieceBytes))
      appendStagedResponse()
      if isAbandoned { return }
      switch progress {
      case .full: continue
      case .needsInput:
        onStagesFinished()
        return
      case .failed(let fault):
        isFinishingResponse = false
        fail(PenstockError(response: fault), .body)
        return
      }
    }
    isDownstreamFull = true
    client?.mark()
  }

  /// Their contexts are others' now, however slowly the client reads the rest.
  private func onStagesFinished() {
    isFinishingResponse = false
    responseStages?.close()
    responseStages = nil
    onResponseBodyWhole()
  }

  /// What is held back of an envelope's answer has a bound of its own.
  private var stageRoomDown: Int {
    if isHoldingEnvelope { return execute?.file?.canTake ?? true ? Self.pieceBytes : 0 }
    return worker.configuration.limits.writeBufferHighBytes - (client?.output.count ?? 0)
  }

  private func appendStagedResponse() {
    if worker.staged.isEmpty { return }
    worker.withStaged { appendResponseBody($0) }
  }

  /// Of output in one step: what a chunk holds at the most.
  private static let pieceBytes = 16 * 1024

  // MARK: What is held back

  /// In the settle: what came in pieces of unknown number goes out at once, so that a line can be
  /// read as soon as it was written; what belongs to a known length waits a little for its rest,
  /// for each flush costs some of the ratio.
  func flushStages() {
    if hasHeldRequest, state.request == .receiving, requestFraming == .chunked {
      hasHeldRequest = false
      flushRequestStages()
    }
    guard heldResponseNanoseconds > 0, state.response == .begun, !isFinishingResponse
    else { return }
    let due = heldResponseNanoseconds + (hasKnownLength ? Self.flushNanoseconds : 0)
    if due > worker.loop.nowNanoseconds {
      client?.setFlushTimeout(atNanoseconds: due)
    } else {
      flushResponseStages()
    }
  }

  private static let flushNanoseconds: Int64 = 40_000_000

  private func flushRequestStages() {
    guard let requestStages else { return }
    while stageRoomUp > 0 {
      let progress = requestStages.flush(
        into: &worker.staged, room: min(stageRoomUp, Self.pieceBytes))
      appendStagedRequest()
      if progress != .full { return }
    }
    hasHeldRequest = true
  }

  /// Where there is no room for all of it, it stays due.
  private func flushResponseStages() {
    guard let responseStages else { return }
    while stageRoomDown > 0 {
      let progress = responseStages.flush(
        into: &worker.staged, room: min(stageRoomDown, Self.pieceBytes))
      appendStagedResponse()
      if progress != .full {
        heldResponseNanoseconds = 0
        return
      }
    }
  }
}
