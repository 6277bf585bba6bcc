import EventLoop

/// How a connection comes to be: dialled, and on TLS with a handshake.
extension UpstreamConnection: DialTarget {
  func onNamed() { namedNanoseconds = loop.nowNanoseconds }

  func onDialed(_ descriptor: Int32, _ dialTimes: DialTimes) {
    guard case .dialing = state else { preconditionFailure("dialled without being asked") }
    times = dialTimes
    stream = ByteStream(descriptor: descriptor)
    openedNanoseconds = loop.nowNanoseconds
    interest = .readable
    guard loop.watch(self, descriptor: descriptor, interest: interest) else {
      stream.close()
      fail(UpstreamFailure(.resourcesExhausted, .connect))
      return
    }
    Socket.setNoDelay(descriptor)
    guard let context = pool.settings.tls else {
      onConnected()
      return
    }
    let isAddress =
      SocketAddress.ipv4Bytes(pool.origin.host) != nil || pool.origin.isIPv6Literal
    state = .handshaking
    guard
      stream.startTLS(
        context, host: pool.origin.host, isAddress: isAddress, sessions: pool.sessions)
    else {
      fail(UpstreamFailure(.tlsFailed, .tls))
      return
    }
    openedNanoseconds = loop.nowNanoseconds
    loop.queueHandshake(self)
  }

  func onDialFailed(_ failure: UpstreamFailure) { fail(failure) }

  /// One step of the handshake.
  func shakeHands() {
    guard case .handshaking = state else { return }
    switch stream.handshake() {
    case .done:
      tlsNanoseconds = loop.nowNanoseconds - openedNanoseconds
      pool.connector.countHandshake(isResumed: stream.isResumed)
      onConnected()
    case .wouldBlock: loop.mark(self)
    case .untrusted: fail(UpstreamFailure(.tlsUntrusted, .tls))
    case .failed: fail(UpstreamFailure(.tlsFailed, .tls))
    }
  }

  private func onConnected() {
    state = .busy
    timeout?.clear()
    guard let exchange else {
      becomeIdle()
      return
    }
    exchange.onConnected(self)
  }
}
