import EventLoop
import Wire

/// How a connection reads and writes: a turn's share at a time.
extension UpstreamConnection {
  // MARK: Reading

  /// Session tickets are all that may arrive; they are taken by the read and leave nothing behind.
  func onReadyWhileIdle() {
    pool.connector.blocks.provide(&input)
    var result = StreamResult.wouldBlock
    _ = input.fill(minimum: 1) { space in
      result = stream.read(into: space)
      return 0
    }
    pool.connector.blocks.reclaim(&input)
    if result == .wouldBlock { return }
    if case .moved = result { pool.connector.count(unsolicited: 1) }
    close()
  }

  /// Reads a turn's share. A plain socket that gave less than it was asked for is empty; what TLS
  /// still holds, and what the share did not cover, is read in the next turn.
  func readInput() {
    pool.connector.blocks.provide(&input)
    var reads = 0
    while reads < Self.readsPerTurn, case .busy = state, wantsInput {
      reads += 1
      var result = StreamResult.wouldBlock
      var asked = 0
      _ = input.fill(minimum: BlockPool.blockBytes / 4) { space in
        asked = space.count
        result = stream.read(into: space)
        if case .moved(let count) = result { return count }
        return 0
      }
      switch result {
      case .moved(let count):
        if answered > 0, sentBytes == 0 {
          onAnswerToNothing()
          return
        }
        readNanoseconds = loop.nowNanoseconds
        receivedBytes += count
        process()
        if count < asked, !stream.isTLS { return }
      case .wouldBlock: return
      case .ended:
        onInputEnded(isTruncated: false)
        return
      case .failed(let failure):
        onReadFailed(failure)
        return
      }
    }
    if stream.hasHeldInput { loop.readyAgain(self) }
  }

  private static let readsPerTurn = 8

  /// Behind a whole response nothing is read until it is known what becomes of the connection.
  var wantsInput: Bool {
    !response.isEnded && (!response.hasHead || exchange?.canTakeBody ?? true)
  }

  /// Bytes on a used connection before any of its next request has left.
  private func onAnswerToNothing() {
    pool.connector.count(unsolicited: 1)
    fail(.closed, .firstByte)
  }

  /// Hands what has arrived to the exchange.
  private func process() {
    guard let exchange else { return }
    if let failure = response.process(&input, pool.settings, exchange) {
      fail(failure.kind, failure.phase)
    } else {
      loop.mark(self)
    }
  }

  private func onInputEnded(isTruncated: Bool) {
    isPeerGone = true
    if response.isEnded { return }
    if !isTruncated, response.onInputEnded() {
      exchange?.onResponseEnded()
    } else {
      fail(response.kindOfEnd, response.phase)
    }
  }

  private func onReadFailed(_ failure: StreamFailure) {
    isPeerGone = true
    if response.isEnded { return }
    switch failure {
    case .truncated: onInputEnded(isTruncated: response.isUntilClose)
    case .tls: fail(.protocolError, response.phase)
    case .reset: fail(response.hasHead ? .truncatedBody : .reset, response.phase)
    }
  }

  /// Ends the exchange's part in this connection, with what is known of its request.
  func fail(_ kind: UpstreamFailure.Kind, _ phase: UpstreamFailure.Phase) {
    fail(
      UpstreamFailure(
        kind, phase, hasSentBytes: hasSentBytes, isUnanswered: receivedBytes == 0))
  }

  // MARK: Writing

  func flush() {
    let before = output.count
    while !output.isEmpty {
      let result = output.withUnsafeBytes { stream.write($0) }
      guard case .moved(let count) = result else {
        if result != .wouldBlock { onWriteFailed() }
        break
      }
      output.consume(count)
      sentBytes += count
      writtenNanoseconds = loop.nowNanoseconds
    }
    if output.count < before, output.count <= pool.settings.outputLowBytes {
      exchange?.onUpstreamDrained()
    }
  }

  /// The upstream takes no more, but what it has answered may still be there to read.
  private func onWriteFailed() {
    isWriteBroken = true
    output.removeAll()
    loop.readyAgain(self)
  }

  var wantedInterest: Readiness {
    var wanted: Readiness = wantsInput ? .readable : []
    if !output.isEmpty || stream.readNeedsWritable && wantsInput { wanted.insert(.writable) }
    return wanted
  }

  func setInterest(_ wanted: Readiness) {
    if wanted.contains(.readable), !interest.contains(.readable), stream.hasHeldInput {
      loop.readyAgain(self)
    }
    if wanted == interest { return }
    interest = wanted
    loop.change(descriptor: stream.descriptor, interest: wanted)
  }

  /// The first byte's time runs from the request's last, whatever interim answers or pieces of a
  /// head come in between.
  func setTimeout() {
    let settings = pool.settings
    if !output.isEmpty {
      setTimeout(from: writtenNanoseconds, settings.idleMilliseconds)
    } else if response.hasHead, wantsInput {
      setTimeout(from: readNanoseconds, settings.idleMilliseconds)
    } else if isRequestWhole, !response.hasHead {
      setTimeout(from: writtenNanoseconds, settings.firstByteMilliseconds)
    } else {
      timeout?.clear()
    }
  }

  private func setTimeout(from start: Int64, _ milliseconds: Int) {
    timeout?.set(atNanoseconds: start + Int64(milliseconds) * 1_000_000)
  }
}
