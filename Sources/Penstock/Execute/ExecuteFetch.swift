import EventLoop
import Upstream
import Wire

/// An envelope whose body stands behind a URL: fetched first, and streamed on.
extension Exchange {
  /// Asks for the body at `binary_body.url`. The account's upstream is dialled when its head is
  /// there, so that nothing has left if there is no such body.
  func beginFetch(
    _ execute: ExecuteEnd, _ account: Account, _ resolved: EndpointResolver.Resolved
  ) throws(PenstockError) {
    var request = ByteBuffer()
    let origin = try execute.request.appendFetch(to: &request)
    let pool = try worker.makeFetchPool(origin)
    record.phase = .receive
    client?.setExchangeTimeout(atNanoseconds: execute.deadlineNanoseconds)
    let fetch = BodyFetch(
      self, pool, request: Array(request), bytesMax: worker.configuration.limits.binaryBodyBytes)
    execute.fetch = fetch
    execute.destination = (account, resolved)
    fetch.start()
  }

  /// The body is there and begins. `type`: its Content-Type; empty where it has none.
  func onFetchHead(_ framing: Framing, type: Span<UInt8>) {
    guard let execute, let (account, resolved) = execute.destination else { return }
    execute.request.takeContentType(type)
    let framing = framing == .untilClose ? .chunked : framing
    isRequestChunked = framing == .chunked
    send(execute, account, resolved, framing)
  }

  var canTakeFetchedBody: Bool { isConnected && requestRoom > 0 }

  func onFetchedBody(_ payload: Span<UInt8>) {
    guard let upstream else { return }
    // From here on it cannot be sent again.
    isHeld = false
    if isRequestChunked { upstream.sendChunk(payload) } else { upstream.send(payload) }
  }

  func moveFetchedBody(from stream: inout ByteStream, count: Int) -> StreamResult? {
    guard !isRequestChunked, let upstream, isConnected, requestRoom > 0 else { return nil }
    isHeld = false
    return upstream.moveBody(from: &stream, count: count, room: requestRoom)
  }

  func onFetchEnded() {
    execute?.fetch = nil
    sendEnvelopeBody()
  }

  func onFetchFailed(_ error: PenstockError) {
    execute?.fetch = nil
    fail(error, .receive)
  }

  func endFetch() {
    execute?.fetch?.end()
    execute?.fetch = nil
  }
}

extension ExecuteRequest {
  /// Appends the request for what `binary_body.url` points to, and says where it has to go.
  borrowing func appendFetch(to out: inout ByteBuffer) throws(PenstockError) -> Origin {
    guard case .url(let slice) = body else { throw .internalError }
    let text = bytes(slice)
    guard AbsoluteURL.isPlain(text), let url = try? AbsoluteURL(text) else {
      throw .invalidBinaryURL
    }
    let target = text.extracting(url.targetStart..<text.count)
    out.append("GET ")
    if target.isEmpty || target[0] == 0x3f { out.append(0x2f) }
    out.append(target)
    out.append(" HTTP/1.1\r\nHost: ")
    out.append(url.origin.hostHeader)
    out.append("\r\nUser-Agent: penstock\r\nAccept: */*\r\nAccept-Encoding: identity\r\n")
    out.append("Connection: close\r\n\r\n")
    return url.origin
  }
}
