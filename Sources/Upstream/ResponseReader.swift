import Wire

/// Reads one response off a connection's bytes: interim heads, the final head, the body, its end.
///
/// Pure: bytes in, calls to the exchange out. Decides whether the connection can be used again
/// (RFC 9112 §9.3); nothing else does.
struct ResponseReader: ~Copyable {
  private var head = ResponseHead()
  private var decoder = BodyDecoder(.none, .nothing)
  private(set) var hasHead = false
  private(set) var isEnded = false
  private var isToHead = false
  /// The request asked for another protocol, and may get it (RFC 9110 §7.8).
  private var asksUpgrade = false
  /// The upstream has switched protocols: how long it may be silent is not HTTP's to say.
  private(set) var isTunnel = false
  private var interimResponses = 0
  private var framing = Framing.none
  private var keepsAlive = false

  /// True exactly when the response is whole, its end was not the connection's, and the upstream
  /// has not said that it will close.
  var isReusable: Bool { isEnded && keepsAlive && framing != .untilClose }
  var isUntilClose: Bool { hasHead && framing == .untilClose }
  /// Payload waits in the input until the exchange can take it.
  var holdsPayload: Bool { hasHead && decoder.holdsPayload }
  /// How many bytes of the stream are payload and nothing else.
  var runBytes: Int { hasHead && !isEnded ? decoder.runBytes : 0 }
  var phase: UpstreamFailure.Phase { hasHead ? .body : .firstByte }

  mutating func reset(isToHead toHead: Bool, asksUpgrade upgrade: Bool = false) {
    head.reset()
    hasHead = false
    isEnded = false
    isToHead = toHead
    asksUpgrade = upgrade
    isTunnel = false
    interimResponses = 0
  }

  /// Takes what it can off `input`. A failure means that the connection is of no more use.
  mutating func process(
    _ input: inout ByteBuffer, _ settings: borrowing PoolSettings, _ exchange: any UpstreamExchange
  ) -> UpstreamFailure? {
    while !hasHead {
      if input.isEmpty { return nil }
      switch head.parse(input.span, settings.headLimits) {
      case .incomplete: return nil
      case .failed(.fieldsTooLarge): return UpstreamFailure(.headTooLarge, .firstByte)
      case .failed: return UpstreamFailure(.protocolError, .firstByte)
      case .complete: break
      }
      if head.status == 101, asksUpgrade {
        onSwitched(input.span, exchange)
        input.consume(head.byteCount)
        break
      }
      if head.status < 200 {
        if let failure = skipInterim(settings) { return failure }
        input.consume(head.byteCount)
        head.reset()
        continue
      }
      if let failure = onFinalHead(input.span, settings, exchange) { return failure }
      input.consume(head.byteCount)
    }
    return processBody(&input, exchange)
  }

  /// Interim responses are between the upstream and this proxy: no 100 was asked for.
  private mutating func skipInterim(_ settings: borrowing PoolSettings) -> UpstreamFailure? {
    if head.status == 101 { return UpstreamFailure(.unexpectedUpgrade, .firstByte) }
    interimResponses += 1
    if interimResponses > settings.interimResponses {
      return UpstreamFailure(.tooManyInterimResponses, .firstByte)
    }
    return nil
  }

  /// From here on there are no messages any more, only bytes up to the end of the connection.
  private mutating func onSwitched(_ bytes: Span<UInt8>, _ exchange: any UpstreamExchange) {
    framing = .untilClose
    decoder = BodyDecoder(framing, .nothing)
    hasHead = true
    isTunnel = true
    exchange.onUpgraded(head, bytes)
  }

  private mutating func onFinalHead(
    _ bytes: Span<UInt8>, _ settings: borrowing PoolSettings, _ exchange: any UpstreamExchange
  ) -> UpstreamFailure? {
    do throws(FramingFault) {
      framing = try Framing.ofResponse(head, bytes, isToHead: isToHead)
    } catch {
      return UpstreamFailure(.protocolError, .firstByte)
    }
    let options = ConnectionOptions(head.fields, bytes)
    keepsAlive = !options.hasClose && (head.minorVersion == 1 || options.hasKeepAlive)
    decoder = BodyDecoder(framing, settings.chunkLimits)
    hasHead = true
    exchange.onResponseHead(head, bytes, framing)
    return nil
  }

  private mutating func processBody(
    _ input: inout ByteBuffer, _ exchange: any UpstreamExchange
  ) -> UpstreamFailure? {
    var position = 0
    defer { input.consume(position) }
    while !isEnded {
      switch decoder.next(input.span, &position) {
      case .needsMore: return nil
      case .payload(let count):
        let taken = exchange.onResponseBody(input.span.extracting((position - count)..<position))
        if taken < count {
          decoder.putBack(count - taken, &position)
          return nil
        }
      case .trailer(let field): exchange.onResponseTrailer(field, input.span)
      case .ended:
        isEnded = true
        // Bytes behind the end were not asked for: the connection is not used again.
        if position < input.count { keepsAlive = false }
        exchange.onResponseEnded()
      case .failed: return UpstreamFailure(.protocolError, .body)
      }
    }
    position = input.count
    return nil
  }

  /// So many bytes of the run went from the stream to the exchange without passing here.
  mutating func onMoved(_ count: Int, _ exchange: any UpstreamExchange) {
    decoder.skip(count)
    var nothing = ByteBuffer()
    _ = processBody(&nothing, exchange)  // where that was all, the body has ended
  }

  /// The upstream ended its side. True where that ends the response, too, and all of it is there.
  mutating func onInputEnded() -> Bool {
    guard hasHead, !isEnded, decoder.onInputEnded() else { return false }
    isEnded = true
    keepsAlive = false
    return true
  }

  /// What an end before the end of the response was.
  var kindOfEnd: UpstreamFailure.Kind {
    if hasHead { return .truncatedBody }
    return head.hasStatusLine ? .truncatedHead : .closed
  }
}
