import EventLoop
import Wire

/// How a client's connection reads and writes: a turn's share at a time.
extension ClientConnection {
  // MARK: Reading

  func readInput() {
    if isInputEnded { return }
    let result = moveRequestBody() ?? readBlock()
    switch result {
    case .moved(let count):
      onBytesReceived(count)
    case .wouldBlock: break
    case .ended:
      isInputEnded = true
      onInputEnded()
    case .failed:
      isInputEnded = true
      onClientGone(.clientAborted)
    }
  }

  /// A body that nobody has to look at goes to the upstream without passing through the input.
  private func moveRequestBody() -> StreamResult? {
    guard input.isEmpty, case .exchange(let exchange) = state else { return nil }
    let share = worker.loop.share(of: Self.shareBytes)
    let result = exchange.moveRequestBody(from: &stream, count: share)
    guard case .moved(let count)? = result else { return result }
    worker.loop.spend(count)
    let timeout = paceTimeout ?? Timeout(owner: self, loop: worker.loop)
    paceTimeout = timeout
    pace.onMoved(
      count, left: exchange.requestBody.runBytes, target: 256 * 1024, on: stream,
      nowNanoseconds: worker.loop.nowNanoseconds, timeout)
    return result
  }

  /// Of one connection in one turn.
  private static let shareBytes = 1 << 20

  private func readBlock() -> StreamResult {
    worker.blocks.provide(&input)
    var result = StreamResult.wouldBlock
    _ = input.fill(minimum: 1024) { space in
      result = stream.read(into: space)
      if case .moved(let count) = result { return count }
      return 0
    }
    return result
  }

  private func onBytesReceived(_ count: Int) {
    switch state {
    case .exchange(let exchange):
      if exchange.wantsRequestBody { sinceNanoseconds = worker.loop.nowNanoseconds }
    case .lingering: lingeredBytes += count
    case .idle, .head, .detached, .closed: break
    }
  }

  /// The client ended its side. Between requests that is good-bye; within one it is a cut, and with
  /// an answer pending it means that the client has left, unless the listener says otherwise.
  private func onInputEnded() {
    switch state {
    case .idle:
      if input.isEmpty { close(requests == 0 ? .noRequest : .clientClosed) }
    case .head: onClientGone(.clientAborted)
    case .exchange(let exchange):
      let number = requests
      // Takes what there is of a body, and judges what there is not.
      if exchange.wantsRequestBody { processInput() }
      guard case .exchange = state, requests == number, !exchange.isTunnel else { return }
      let isAnswered = exchange.state.response == .whole
      if !isAnswered && !servesHalfClosed {
        onClientGone(.clientAborted)
      } else {
        exchange.state.onLastRequest()
      }
    case .lingering: close(closeReason)
    case .detached, .closed: break
    }
  }

  /// The client has ended its side while nothing is read from it. What it had sent may still be
  /// wanted: by a tunnel, and where the listener serves those who are only done sending.
  func onEndTold() {
    isEndTold = true
    guard case .exchange(let exchange) = state, !exchange.isTunnel, !servesHalfClosed,
      exchange.state.response != .whole
    else { return }
    onClientGone(.clientAborted)
  }

  /// The client has ended its side, and all that it had sent was taken: a tunnel's end, and what a
  /// body is short of.
  func onBodyCut(_ exchange: Exchange) {
    if exchange.isTunnel {
      exchange.onTunnelInputEnded()
    } else {
      onClientGone(.clientAborted)
    }
  }

  var wantsInput: Bool {
    if isInputEnded { return false }
    switch state {
    case .idle: return canStartNext && input.isEmpty
    case .head, .lingering: return true
    case .exchange(let exchange):
      // Further requests, and what a stage cannot take yet, wait here up to a buffer's worth; then
      // in the socket.
      let hasRoom = input.count < worker.configuration.limits.readBufferBytes
      return hasRoom && (!exchange.wantsRequestBody || exchange.canTakeRequestBody)
    case .detached, .closed: return false
    }
  }

  func setInterest() {
    var wanted: Readiness = wantsInput ? .readable : []
    if waitsForClient { wanted.insert(.writable) }
    // Where nothing is read, the end of the client is still of interest while it is waited on.
    if !wantsInput, !isInputEnded, !isEndTold { wanted.insert(.peerClosed) }
    if wanted == interest { return }
    interest = wanted
    worker.loop.change(descriptor: stream.descriptor, interest: wanted)
  }

  // MARK: Writing

  /// True where something is still to be written.
  var hasUnsent: Bool { !output.isEmpty || hasTail }

  /// A pipe or a file is behind the bytes.
  var hasTail: Bool { pipe != nil || file != nil }

  /// True where the client is waited for, and not the disk.
  var waitsForClient: Bool { !output.isEmpty || pipe != nil || file.map { !$0.isReading } ?? false }

  func flush() {
    switch state {
    case .closed, .detached: return
    case .idle, .head, .exchange, .lingering: break
    }
    while hasUnsent {
      guard let result = writeNext() else { return }
      switch result {
      case .moved:
        writtenNanoseconds = worker.loop.nowNanoseconds
        stalledBytes = nil
        if case .exchange(let exchange) = state, !hasTail, output.count <= lowBytes {
          exchange.onDownstreamDrained()
        }
      case .wouldBlock:
        if stalledNanoseconds == 0 {
          stalledNanoseconds = worker.loop.nowNanoseconds
          writtenNanoseconds = stalledNanoseconds
        }
        return
      case .ended, .failed:
        onClientGone(.clientAborted)
        return
      }
    }
    onFlushed()
  }

  /// The socket has asked for nothing for half of the time, or for all of it. False where nothing
  /// was read in the second half: then the client has stalled. A slow one drains less than the
  /// kernel waits for before it asks; what drains at first only fills the peer's own buffers.
  func isDraining(stallMilliseconds: Int) -> Bool {
    let bytes = stream.unacknowledgedBytes
    if let before = stalledBytes {
      if bytes >= before { return false }
      let half = Int64(stallMilliseconds) * 500_000
      writtenNanoseconds = worker.loop.nowNanoseconds - half
    }
    stalledBytes = bytes
    return true
  }

  /// One write of what comes first; nil where the rest has to wait, but not for the client.
  private func writeNext() -> StreamResult? {
    if !output.isEmpty {
      let result = output.withUnsafeBytes { stream.write($0, hasMore: hasTail) }
      if case .moved(let count) = result {
        output.consume(count)
        writtenBytes += count
      }
      return result
    }
    if let file { return write(file) }
    guard let pipe else { preconditionFailure("nothing to be written") }
    let result = stream.splice(from: pipe, hasMore: isPipeChunk)
    if pipe.count == 0 {
      if isPipeChunk { output.append("\r\n") }
      dropTail()
    }
    return result
  }

  private func write(_ body: FileBody) -> StreamResult? {
    guard case .exchange(let exchange) = state else {
      preconditionFailure("a file without an exchange")
    }
    switch body.send(on: stream, worker.loop) {
    case .sent(let count):
      if body.isWhole { dropTail() }
      exchange.onFileSent(count, isWhole: body.isWhole)
      return .moved(count)
    case .later: return nil
    case .stream(let result): return result
    case .broken(let error):
      dropTail()
      exchange.onFileBroken(error)
      return nil
    }
  }

  func dropTail() {
    if let pipe { worker.pipes.giveBack(pipe) }
    pipe = nil
    isPipeChunk = false
    file?.close()
    file = nil
  }

  /// All is written. Whoever had to be waited for is not lent a pipe for the next piece, and holds
  /// no more memory than others.
  private func onFlushed() {
    if stalledNanoseconds > 0 {
      let stall = worker.loop.nowNanoseconds - stalledNanoseconds
      readsPromptly = stall < Self.promptNanoseconds
      stalledNanoseconds = 0
    } else {
      readsPromptly = true
    }
    if !readsPromptly || output.capacity == BlockPool.blockBytes {
      worker.blocks.reclaim(&output)
    }
  }

  private static let promptNanoseconds: Int64 = 20_000_000

  func afterFlush() {
    if case .closed = state { return }
    if hasUnsent { return }
    if isLingeringAfterFlush {
      isLingeringAfterFlush = false
      beginLingering()
    } else if isClosingAfterFlush {
      close(closeReason)
    }
    guard case .idle = state else { return }
    worker.blocks.reclaim(&output)
    if isInputEnded, input.isEmpty { close(.clientClosed) }
  }

  private func beginLingering() {
    if isInputEnded {
      close(closeReason)
      return
    }
    stream.shutDownWrites()
    state = .lingering
    sinceNanoseconds = worker.loop.nowNanoseconds
    input.removeAll()
  }
}
