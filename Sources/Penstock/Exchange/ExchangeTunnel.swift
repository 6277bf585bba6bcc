import EventLoop
import Upstream
import Wire

/// Another protocol on the same two connections, WebSocket mostly: bytes both ways, until one side
/// ends (RFC 9110 §7.8). The handshake was an exchange like any other, credential included.
extension Exchange {
  /// The upstream has agreed. Both connections end with the tunnel.
  func onUpgraded(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) {
    if isAbandoned { return }
    guard let client, let account, state.request == .whole, asksUpgrade else {
      fail(.upstreamUnexpectedUpgrade, .firstByte)
      return
    }
    record.upstreamStatus = head.status
    record.writtenNanoseconds = upstream?.writtenNanoseconds ?? 0
    record.firstByteNanoseconds = worker.loop.nowNanoseconds
    record.status = head.status
    record.phase = .body
    let before = client.output.count
    worker.blocks.provide(&client.output)
    ResponseRewrite.appendSwitch(
      head, bytes, account, requestID: record.requestID.span, timing: serverTiming,
      into: &client.output)
    record.bytesSent += client.output.count - before
    state.onUpgraded()
    responseFraming = .untilClose
    requestBody = BodyDecoder(.untilClose, .nothing)
    requestFraming = .untilClose
    isRequestChunked = false
    // What the request's own body went through is not the tunnel's.
    requestStages?.close()
    requestStages = nil
    spool = nil
    isHeld = false
    requestBytes.removeAll()
    isTunnel = true
    movedNanoseconds = worker.loop.nowNanoseconds
    client.clearExchangeTimeout()
    // What the client has sent behind its request is the tunnel's.
    client.resumeInput()
    client.mark()
  }

  /// How long a tunnel may be silent. Behind the end of its client no longer than an end takes,
  /// unless bytes are still on their way up, or clients may end their side before they are done.
  var tunnelIdleMilliseconds: Int {
    let hasUnsent = upstream.map { $0.outputCount > 0 || $0.hasTail } ?? false
    if state.request == .receiving || hasUnsent || client?.servesHalfClosed ?? false {
      return worker.configuration.timeouts.tunnelIdleMilliseconds
    }
    return worker.configuration.limits.lingeringTimeMilliseconds
  }

  /// The client has ended its side, and all that it had sent was taken.
  func onTunnelInputEnded() {
    guard state.request == .receiving else { return }
    state.onRequestWhole()
    movedNanoseconds = worker.loop.nowNanoseconds
    upstream?.endTunnel()
    client?.mark()
  }

  /// Neither side has sent a byte for too long.
  func onTunnelIdle() {
    guard state.response == .begun else { return }
    record.error = state.request == .receiving ? .tunnelIdle : .clientAborted
    abandonUpstream()
    state.onResponseWhole(endsConnection: true)
    client?.mark()
  }
}
