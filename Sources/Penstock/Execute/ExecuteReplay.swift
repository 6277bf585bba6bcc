import Wire

/// A request with an Idempotency-Key: carried out once, whoever asks how often.
extension Exchange {
  /// What a request is to its key.
  enum Replay {
    case none
    /// It is the one that is carried out.
    case first(ReplayTable.Key)
    case waiting(ReplayTable.Key, ReplayWaiter)
  }

  /// Takes the key off the head; false, and answered, where it is none.
  func takeIdempotencyKey(_ bytes: Span<UInt8>) -> Bool {
    var found: Slice?
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if field.known != .idempotencyKey { continue }
      if found != nil || !Self.isIdempotencyKey(bytes[field.value]) {
        answer(.invalidIdempotencyKey)
        return false
      }
      found = field.value
    }
    guard let found else { return true }
    execute?.idempotencyKey = bytes[found].withUnsafeBufferPointer { Array($0) }
    return true
  }

  private static func isIdempotencyKey(_ value: Span<UInt8>) -> Bool {
    if value.isEmpty || value.count > 255 { return false }
    for index in 0..<value.count where value[index] <= 0x20 || value[index] >= 0x7f {
      return false
    }
    return true
  }

  /// True where the request is to be carried out; else it is answered, or waits.
  func claimReplay(_ execute: ExecuteEnd) -> Bool {
    guard let text = execute.idempotencyKey, let digest = execute.digest else { return true }
    let key = ReplayTable.Key(project: record.project, text: text)
    let waiter = ReplayWaiter(self)
    let claim = worker.shared.replays.claim(
      key, digest, waiter, nowNanoseconds: worker.loop.nowNanoseconds)
    switch claim {
    case .first:
      execute.replay = .first(key)
      return true
    case .wait:
      execute.replay = .waiting(key, waiter)
      record.phase = .firstByte
      client?.setExchangeTimeout(atNanoseconds: execute.deadlineNanoseconds)
    case .answer(let kept): onReplay(kept)
    case .reused: answer(.idempotencyKeyReused)
    }
    return false
  }

  /// The answer of the request that was carried out.
  func onReplay(_ kept: ReplayTable.Answer) {
    guard let execute, state.response == .awaited else { return }
    execute.replay = .none
    execute.isReplayed = true
    switch kept {
    case .envelope(let bytes):
      worker.shard.addTotal(.replays, 1)
      var body = ByteBuffer()
      body.append(bytes)
      answerEnvelope(body)
    case .error(let error, let hasSentBytes):
      worker.shard.addTotal(.replays, 1)
      answer(error, hasSentBytes: hasSentBytes)
    case .notKept: answer(.replayUnavailable)
    }
    client?.mark()
  }

  /// The request that was carried out is over, or its answer is too long to be kept.
  /// `keeps`: whoever sends it again gets this answer.
  func settleReplay(_ kept: @autoclosure () -> ReplayTable.Answer, keeps: Bool) {
    guard let execute, case .first(let key) = execute.replay else { return }
    execute.replay = .none
    worker.shared.replays.settle(
      key, kept(), keeps: keeps, nowNanoseconds: worker.loop.nowNanoseconds)
  }

  /// It waits no longer.
  func leaveReplay() {
    guard let execute, case .waiting(let key, let waiter) = execute.replay else { return }
    execute.replay = .none
    waiter.leave()
    worker.shared.replays.leave(key, waiter)
  }

  /// True where the exchange is carried to its end although its client is gone: others wait for the
  /// answer, or the client itself may come again and ask what became of its request.
  var outlivesClient: Bool {
    guard let execute, case .first(let key) = execute.replay, state.response == .awaited else {
      return false
    }
    return upstream?.hasSentBytes ?? false || worker.shared.replays.hasWaiters(key)
  }
}
