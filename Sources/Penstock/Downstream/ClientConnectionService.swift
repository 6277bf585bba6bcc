import EventLoop
import Upstream
import Wire

/// What an exchange asks of its client's connection.
extension ClientConnection {
  /// True where the next answer should be the connection's last.
  var isLastRequest: Bool {
    let limits = worker.configuration.limits
    let age = worker.loop.nowNanoseconds - openedNanoseconds
    return worker.isDraining || isInputEnded
      || limits.keepaliveRequests > 0 && requests >= limits.keepaliveRequests
      || limits.keepaliveAgeMilliseconds > 0
        && age > Int64(limits.keepaliveAgeMilliseconds) * 1_000_000
  }

  /// There is, or was, something to do for this connection in the settle.
  func mark() { worker.loop.mark(self) }

  /// Input that was left because of back-pressure may be processed now.
  func resumeInput() {
    // It was not the client that kept its body waiting.
    sinceNanoseconds = worker.loop.nowNanoseconds
    worker.loop.readyAgain(self)
  }

  /// The exchange may take no longer than this from now on, in milliseconds.
  func setExchangeTimeout(milliseconds: Int) {
    setExchangeTimeout(
      atNanoseconds: worker.loop.nowNanoseconds + Int64(milliseconds) * 1_000_000)
  }

  func setExchangeTimeout(atNanoseconds deadline: Int64) {
    let made = exchangeTimeout ?? Timeout(owner: self, loop: worker.loop)
    exchangeTimeout = made
    made.set(atNanoseconds: deadline)
  }

  func clearExchangeTimeout() { exchangeTimeout?.clear() }

  /// A disk is waited for as long as a client would be.
  func awaitDisk() {
    setExchangeTimeout(milliseconds: worker.configuration.timeouts.writeStallMilliseconds)
  }

  // MARK: Payload that nobody has to look at

  /// Moves at most `count` bytes of an upstream's payload behind the output: into a pipe where both
  /// ends are plain and the client keeps up, else into the output itself. nil where the caller has
  /// to read and append, because what is copied as a chunk needs its size in front.
  func moveBody(from source: inout ByteStream, count: Int, isChunk: Bool) -> StreamResult? {
    assert(pipe == nil, "one pipe at a time")
    if let result = spliceBody(from: source, count: count, isChunk: isChunk) { return result }
    if isChunk { return nil }
    let room = worker.configuration.limits.writeBufferHighBytes - output.count
    worker.blocks.provide(&output, isLarge: true)
    return output.read(from: &source, atMost: min(count, max(room, BlockPool.blockBytes)))
  }

  private func spliceBody(
    from source: borrowing ByteStream, count: Int, isChunk: Bool
  ) -> StreamResult? {
    guard count >= Self.leastPipeBytes, readsPromptly, !stream.isTLS, !source.isTLS,
      let filled = worker.takePipe()
    else { return nil }
    let result = source.splice(into: filled, count: min(count, worker.pipes.bytesMax))
    guard case .moved(let moved) = result else {
      worker.pipes.giveBack(filled)
      return result
    }
    if isChunk { output.appendChunkHead(moved) }
    pipe = filled
    isPipeChunk = isChunk
    return result
  }

  /// Below it two more system calls cost as much as the copy that they save.
  private static let leastPipeBytes = 64 * 1024

  /// Asks for a settle when what the stages hold back is due, in loop time.
  func setFlushTimeout(atNanoseconds deadline: Int64) {
    let made = flushTimeout ?? Timeout(owner: self, loop: worker.loop)
    flushTimeout = made
    made.set(atNanoseconds: deadline)
  }
}
