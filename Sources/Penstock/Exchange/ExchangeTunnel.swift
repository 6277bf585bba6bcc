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
    record.firstByteNanoseconds = worker.loop.nowNanoseconds
    record.status = head.status
    record.phase = .body
    let before = client.output.count
    worker.blocks.provide(&client.output)
    ResponseRewrite.appendSwitch(
      head, bytes, account, requestID: record.requestID.span, into: &client.output)
    record.bytesSent += client.output.count - before
    state.onUpgraded()
    responseFraming = .untilClose
    requestBody = BodyDecoder(.untilClose, Exchange.noChunks)
    requestFraming = .untilClose
    isRequestChunked = false
    isHeld = false
    requestBytes.removeAll()
    isTunnel = true
    movedNanoseconds = worker.loop.nowNanoseconds
    client.clearExchangeTimeout()
    // What the client has sent behind its request is the tunnel's.
    client.resumeInput()
    client.mark()
  }

  /// How long a tunnel may be silent; behind the end of its client no longer than that end takes.
  var tunnelIdleMilliseconds: Int {
    state.request == .receiving
      ? worker.configuration.timeouts.tunnelIdleMilliseconds
      : worker.configuration.limits.lingeringTimeMilliseconds
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
    if state.request == .receiving { record.error = .tunnelIdle }
    abandonUpstream()
    state.onResponseWhole(endsConnection: true)
    client?.mark()
  }
}
