import EventLoop
import Upstream
import Wire

/// Fetches `binary_body.url`, without any credential, and gives the body on as it comes.
///
/// It is the other upstream of an exchange, on a connection of its own that serves nobody else. Its
/// head is waited for before anything leaves for the account's upstream; from then on each is read
/// as fast as the other takes. Owned by its exchange, which it holds until it is over.
final class BodyFetch: UpstreamExchange {
  private let pool: ConnectionPool
  private let bytesMax: Int
  private let request: [UInt8]
  private var exchange: Exchange?
  private var connection: UpstreamConnection?
  private var bytes = 0
  /// True while its exchange is told of the head, which its connection is just reading.
  private var isTellingHead = false

  /// `request`: the whole of it.
  init(_ exchange: Exchange, _ pool: ConnectionPool, request: [UInt8], bytesMax: Int) {
    self.exchange = exchange
    self.pool = pool
    self.request = request
    self.bytesMax = bytesMax
  }

  func start() {
    switch pool.acquire(for: self, isFresh: true) {
    case .reused(let connection): onConnected(connection)
    case .dialing(let connection): self.connection = connection
    case .queued: preconditionFailure("a pool of its own has no queue")
    case .failed(let failure): onConnectFailed(failure)
    }
  }

  /// Nobody wants the body any more, or all of it is there.
  func end() {
    exchange = nil
    connection?.abandon()
    connection = nil
  }

  /// The other side can take more. A connection that is reading finds out by itself.
  func onDrained() { if !isTellingHead { connection?.reconsider() } }

  // MARK: UpstreamExchange

  func onDialing(_ connection: UpstreamConnection) { self.connection = connection }

  func onConnected(_ connection: UpstreamConnection) {
    self.connection = connection
    connection.beginRequest(isToHead: false)
    let bytes = request
    connection.send(bytes.span)
    connection.endRequest(isChunked: false)
  }

  func onConnectFailed(_ failure: UpstreamFailure) { fail(failure) }

  func onUpstreamFailed(_ failure: UpstreamFailure) { fail(failure) }

  private func fail(_ failure: UpstreamFailure) {
    connection = nil
    fail(PenstockError(fetch: failure.kind))
  }

  private func fail(_ error: PenstockError) {
    let told = exchange
    end()
    told?.onFetchFailed(error)
  }

  func onResponseHead(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: Framing) {
    var isCoded = false
    var type = Slice.empty
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if field.known == .contentType { type = field.value }
      if field.known == .contentEncoding, !bytes[field.value].equalsIgnoringCase("identity") {
        isCoded = true
      }
    }
    if head.status != 200 || isCoded {
      fail(.binaryURLRefused)
    } else if case .length(let count) = framing, count > bytesMax {
      fail(.binaryURLTooLarge)
    } else {
      isTellingHead = true
      exchange?.onFetchHead(framing, type: bytes[type])
      isTellingHead = false
    }
  }

  func onUpgraded(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) {
    preconditionFailure("nobody asked for another protocol")
  }

  func onResponseBody(_ payload: Span<UInt8>) -> Int {
    guard let exchange else { return payload.count }
    if !canTakeBody { return 0 }
    if count(payload.count) { exchange.onFetchedBody(payload) }
    return payload.count
  }

  func moveResponseBody(from stream: inout ByteStream, count: Int) -> StreamResult? {
    let result = exchange?.moveFetchedBody(from: &stream, count: count)
    if case .moved(let moved)? = result { _ = self.count(moved) }
    return result
  }

  private func count(_ count: Int) -> Bool {
    bytes += count
    if bytes <= bytesMax { return true }
    fail(.binaryURLTooLarge)
    return false
  }

  func onResponseTrailer(_ field: Field, _ bytes: Span<UInt8>) {}

  func onResponseEnded() {
    let told = exchange
    end()
    told?.onFetchEnded()
  }

  func onUpstreamDrained() {}

  var canTakeBody: Bool { exchange?.canTakeFetchedBody ?? true }
}

extension PenstockError {
  /// What the failure of a fetch is to a caller: it was its URL.
  fileprivate init(fetch kind: UpstreamFailure.Kind) {
    self =
      switch kind {
      case .addressRefused: .destinationNotAllowed
      case .resourcesExhausted: .resourceExhausted
      case .nameTimeout, .connectTimeout, .tlsTimeout, .writeTimeout, .firstByteTimeout,
        .bodyTimeout:
        .binaryURLTimeout
      default: .binaryURLFailed
      }
  }
}
