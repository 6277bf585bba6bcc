import EventLoop
import Wire

/// How a connection reads an answer.
extension LoadConnection {
  /// Reads what is there, a few times at the most, and takes the answer's end.
  func read() {
    for _ in 0..<RunLimits.readsPerTurn {
      if sipBytes == 0 { return pauseReading() }
      let (result, isDrained) = readOnce()
      switch result {
      case .moved: if process() { return }
      case .wouldBlock: return
      case .ended: return onInputEnded()
      case .failed(.truncated): return onInputEnded()
      case .failed(let reason): return fail("read: \(StreamFault.text(reason))")
      }
      if isDrained { return }
    }
    if stream.hasHeldInput { thread.loop.readyAgain(self) }
  }

  /// The second value is true where the kernel has no more: a read that came back short.
  private func readOnce() -> (StreamResult, isDrained: Bool) {
    thread.pool.provide(&input, isLarge: true)
    var result = StreamResult.wouldBlock
    var isDrained = true
    _ = input.fill(minimum: BlockPool.blockBytes) { space in
      let room = UnsafeMutableRawBufferPointer(rebasing: space[..<min(space.count, sipBytes)])
      result = stream.read(into: room)
      guard case .moved(let count) = result else { return 0 }
      isDrained = count < room.count && !stream.isTLS
      return count
    }
    if case .moved(let count) = result {
      thread.tally.receivedBytes &+= count
      if sipBytes != Int.max { sipBytes -= count }
    }
    return (result, isDrained)
  }

  private func pauseReading() {
    sip?.set(atNanoseconds: thread.loop.nowNanoseconds + RunLimits.sipNanoseconds)
    thread.loop.mark(self)
  }

  /// True where the answer is over, well or not.
  private func process() -> Bool {
    let progress = reader.process(&input, thread.tally)
    if reader.newEvents > 0 { onEvents() }
    switch progress {
    case .needsMore:
      if input.isEmpty { thread.pool.reclaim(&input) }
      return false
    case .ended:
      thread.pool.reclaim(&input)
      onAnswered()
    case .failed(let cause): fail("\(cause)")
    }
    return true
  }

  private func onInputEnded() {
    hasInputEnded = true
    if let cause = reader.onInputEnded() {
      fail(cause.description)
    } else {
      onAnswered()
    }
  }

  private func onEvents() {
    let now = Clock.monotonicNanoseconds()
    let isFirst = lastEventNanoseconds == 0
    let since = now - (isFirst ? sentNanoseconds : lastEventNanoseconds)
    if arrival.isCounted {
      thread.tally.onEvents(reader.newEvents, sinceLast: since, isFirst: isFirst)
    }
    lastEventNanoseconds = now
    // A stream may last; it may not be silent.
    timeout?.set(atNanoseconds: now + thread.plan.timeoutNanoseconds)
  }

  private func onAnswered() {
    let now = Clock.monotonicNanoseconds()
    let plain = now - sentNanoseconds
    let start = arrival.plannedNanoseconds > 0 ? arrival.plannedNanoseconds : sentNanoseconds
    if arrival.isCounted {
      thread.tally.lastAnswerNanoseconds = now
      thread.tally.onAnswer(
        target: thread.plan.requests[arrival.request].target, status: reader.status,
        payloadBytes: reader.payloadBytes, latency: now - start, plain: plain)
    }
    hasRequest = false
    timeout?.clear()
    if reader.keepsAlive, thread.plan.keepsAlive, isSent, !hasInputEnded {
      state = .idle
      thread.onFree(self, isOpen: true)
    } else {
      state = .closing
      thread.loop.mark(self)
    }
  }
}
