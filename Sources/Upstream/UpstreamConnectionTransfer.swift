import EventLoop
import Glibc
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
    var left = loop.share(of: Self.shareBytes)
    if response.holdsPayload { process() }
    while left > 0, case .busy = state, wantsInput {
      let (result, asked) = moveBody(atMost: left) ?? read()
      switch result {
      case .moved(let count):
        left -= count
        loop.spend(count)
        if count < asked, !stream.isTLS { return }
      case .wouldBlock: return
      case .ended:
        onInputEnded(isTruncated: isReset)
        return
      case .failed(let failure):
        onReadFailed(failure)
        return
      }
    }
    if wantsInput, stream.hasHeldInput { loop.readyAgain(self) }
  }

  /// Of one connection in one turn.
  private static let shareBytes = 1 << 20

  /// Payload that nobody has to look at goes from the stream to the exchange; nil where there is
  /// none, or too little to be worth a read of its own.
  private func moveBody(atMost left: Int) -> (StreamResult, asked: Int)? {
    let count = min(response.runBytes, left)
    guard count >= Self.leastMoveBytes, input.isEmpty,
      let result = exchange?.moveResponseBody(from: &stream, count: count)
    else { return nil }
    if case .moved(let moved) = result {
      onReceived(moved)
      if let exchange { response.onMoved(moved, exchange) }
      setPace(moved)
      loop.mark(self)
    }
    // A pipe or a buffer may have been full before the socket was empty: epoll tells.
    return (result, asked: Int.max)
  }

  private static let leastMoveBytes = 16 * 1024

  private func setPace(_ moved: Int) {
    let timeout = paceTimeout ?? Timeout(owner: self, loop: loop)
    paceTimeout = timeout
    pace.onMoved(
      moved, left: response.runBytes, target: stream.isTLS ? 64 * 1024 : 256 * 1024, on: stream,
      nowNanoseconds: loop.nowNanoseconds, timeout)
  }

  private func read() -> (StreamResult, asked: Int) {
    pool.connector.blocks.provide(&input, isLarge: readsLarge)
    var result = StreamResult.wouldBlock
    var asked = 0
    _ = input.fill(minimum: BlockPool.blockBytes / 4) { space in
      asked = space.count
      result = stream.read(into: space)
      if case .moved(let count) = result { return count }
      return 0
    }
    guard case .moved(let count) = result else { return (result, asked) }
    if count == asked { readsLarge = true }
    if answered > 0, sentBytes == 0 {
      onAnswerToNothing()
      return (.wouldBlock, asked)
    }
    onReceived(count)
    process()
    if input.isEmpty { pool.connector.blocks.reclaim(&input) }
    return (result, asked)
  }

  private func onReceived(_ count: Int) {
    readNanoseconds = loop.nowNanoseconds
    receivedBytes += count
  }

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

  /// Ends the exchange's part in this connection, with what is known of its request. Behind a whole
  /// answer it is over already, though its client may still be reading: nothing is left to fail.
  func fail(_ kind: UpstreamFailure.Kind, _ phase: UpstreamFailure.Phase) {
    if response.isEnded {
      close()
      return
    }
    fail(
      UpstreamFailure(
        kind, phase, hasSentBytes: hasSentBytes, isUnanswered: receivedBytes == 0))
  }

  // MARK: Writing

  func flush() {
    var hasSent = false
    var isSpliceCut = false
    while hasUnsent {
      let isSplice = output.isEmpty && pipe != nil
      let result = writeNext()
      guard case .moved(let count) = result else {
        // A splice that meets the reset behind its first bytes tells of the bytes alone, and leaves
        // the next write to find a socket that is closed.
        let isHidden = isSpliceCut && result == .failed(.reset(EPIPE))
        if isHidden || result == .failed(.reset(ECONNRESET)) { isReset = true }
        if result != .wouldBlock { onWriteFailed() }
        break
      }
      hasSent = true
      isSpliceCut = isSplice && pipe != nil
      sentBytes += count
      writtenNanoseconds = loop.nowNanoseconds
      stalledBytes = nil
    }
    if endsWritesAfterFlush, !hasUnsent {
      endsWritesAfterFlush = false
      stream.shutDownWrites()
    }
    if hasSent, !hasTail, output.count <= pool.settings.outputLowBytes {
      exchange?.onUpstreamDrained()
    }
  }

  /// The socket has asked for nothing for half of the time, or for all of it. False where nothing
  /// was read in the second half: then the upstream has stalled. A slow one drains less than the
  /// kernel waits for before it asks; what drains at first only fills the peer's own buffers.
  func isDraining(stallMilliseconds: Int) -> Bool {
    let bytes = stream.unacknowledgedBytes
    if let before = stalledBytes {
      if bytes >= before { return false }
      let half = Int64(stallMilliseconds) * 500_000
      writtenNanoseconds = loop.nowNanoseconds - half
    }
    stalledBytes = bytes
    return true
  }

  /// One write of what comes first.
  private func writeNext() -> StreamResult {
    if !output.isEmpty {
      let result = output.withUnsafeBytes { stream.write($0, hasMore: hasTail) }
      if case .moved(let count) = result { output.consume(count) }
      return result
    }
    if let pipe {
      let result = stream.splice(from: pipe, hasMore: false)
      if pipe.count == 0 { dropTail() }
      return result
    }
    guard let file else { preconditionFailure("nothing to be sent") }
    if stream.isTLS {
      let count = output.fill(minimum: BlockPool.blockBytes) { file.read(into: $0) }
      if file.left == 0 { dropTail() }
      return count > 0 ? writeNext() : .ended
    }
    let result = file.send(on: stream, count: Self.shareBytes)
    if file.left == 0 { dropTail() }
    return result
  }

  func dropTail() {
    if let pipe { pool.connector.pipes.giveBack(pipe) }
    pipe = nil
    file = nil
  }

  /// The upstream takes no more, but what it has answered may still be there to read.
  private func onWriteFailed() {
    isWriteBroken = true
    output.removeAll()
    dropTail()
    loop.readyAgain(self)
  }

  var wantedInterest: Readiness {
    var wanted: Readiness = wantsInput ? .readable : []
    if hasUnsent || stream.readNeedsWritable && wantsInput { wanted.insert(.writable) }
    return wanted
  }

  func setInterest(_ wanted: Readiness) {
    if wanted.contains(.readable), !interest.contains(.readable), stream.hasHeldInput {
      loop.readyAgain(self)
    }
    if isUnwatched {
      if wanted.isEmpty { return }
      isUnwatched = !loop.watch(self, descriptor: stream.descriptor, interest: wanted)
      if isUnwatched { fail(.reset, phase) }
      interest = wanted
      return
    }
    if wanted == interest { return }
    interest = wanted
    loop.change(descriptor: stream.descriptor, interest: wanted)
  }

  /// The peer has hung up while the exchange cannot take more: epoll would say so in every turn.
  func stopWatching() {
    if isUnwatched { return }
    loop.forget(descriptor: stream.descriptor)
    isUnwatched = true
    interest = []
  }

  /// The first byte's time runs from the request's last, whatever interim answers or pieces of a
  /// head come in between.
  func setTimeout() {
    let settings = pool.settings
    if hasUnsent {
      setTimeout(
        from: writtenNanoseconds, settings.idleMilliseconds / (stalledBytes == nil ? 2 : 1))
    } else if response.hasHead, wantsInput, !response.isTunnel {
      // An answer may begin long before the last of its request has gone up.
      setTimeout(from: max(readNanoseconds, writtenNanoseconds), settings.idleMilliseconds)
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
