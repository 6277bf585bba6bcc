import EventLoop
import Wire

@testable import Upstream

/// An exchange that writes down what an upstream connection tells it.
final class RecordingExchange: UpstreamExchange {
  /// In their order; bodies are joined.
  private(set) var events: [String] = []
  private(set) var body = ""
  private(set) var connection: UpstreamConnection?
  private(set) var failure: UpstreamFailure?
  private(set) var isEnded = false
  var canTakeBody = true
  /// The connection that is being made, which lives as long as someone holds it.
  private var dialing: UpstreamConnection?

  func onDialing(_ connection: UpstreamConnection) {}

  func onConnected(_ connection: UpstreamConnection) {
    dialing = nil
    self.connection = connection
    events.append("connected")
  }

  func onConnectFailed(_ failure: UpstreamFailure) {
    dialing = nil
    self.failure = failure
    events.append("connect failed: \(failure.kind)")
  }

  func onResponseHead(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: Framing) {
    events.append("head \(head.status) \(framing)")
  }

  /// Never more than this many bytes at a time are taken; behind a part, none until a test says so.
  var takesAtMost = Int.max
  /// How often a part of a payload was left.
  private(set) var partsLeft = 0

  func onResponseBody(_ payload: Span<UInt8>) -> Int {
    let taken = min(payload.count, takesAtMost)
    let bytes = payload.extracting(0..<taken)
    body += bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    if taken < payload.count {
      partsLeft += 1
      canTakeBody = false
    }
    return taken
  }

  /// Whether payload may be moved from the stream itself, and how much of it was.
  var movesBody = false
  private(set) var movedBytes = 0

  func moveResponseBody(from stream: inout ByteStream, count: Int) -> StreamResult? {
    guard movesBody else { return nil }
    var bytes = ByteBuffer()
    let result = bytes.read(from: &stream, atMost: min(count, takesAtMost))
    body += bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    if case .moved(let moved) = result { movedBytes += moved }
    return result
  }

  func onUpgraded(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) {
    events.append("upgraded")
  }

  func onResponseTrailer(_ field: Field, _ bytes: Span<UInt8>) {
    let name = bytes[field.name].withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    events.append("trailer \(name)")
  }

  func onResponseEnded() {
    isEnded = true
    events.append("ended")
  }

  func onUpstreamFailed(_ failure: UpstreamFailure) {
    self.failure = failure
    events.append("failed: \(failure.kind)")
  }

  /// How often all that was to be sent had gone.
  private(set) var drains = 0

  func onUpstreamDrained() { drains += 1 }

  // MARK: What a test does with it

  /// Takes a connection out of the pool, or has one dialled.
  func acquire(from pool: ConnectionPool, isFresh: Bool = false) {
    switch pool.acquire(for: self, isFresh: isFresh) {
    case .reused(let connection):
      self.connection = connection
      events.append("reused")
    case .dialing(let connection): dialing = connection
    case .queued: events.append("queued")
    case .failed(let failure):
      self.failure = failure
      events.append("refused: \(failure.kind)")
    }
  }

  /// Gives up a connection that is being made.
  func abandonDial() {
    dialing?.abandon()
    dialing = nil
  }

  /// It has room again for what it left.
  func resume() {
    canTakeBody = true
    connection?.reconsider()
  }

  /// Sends a whole request on its connection.
  func send(_ request: String, isToHead: Bool = false, asksUpgrade: Bool = false) {
    connection?.beginRequest(isToHead: isToHead, asksUpgrade: asksUpgrade)
    connection?.send(Array(request.utf8).span)
    connection?.endRequest(isChunked: false)
  }
}
