import EventLoop

/// How a connection ends before its time: timeouts, refusal, shutdown.
extension ClientConnection {
  /// Sets what ends the present state if nothing happens.
  func setTimeout() {
    let timeouts = worker.configuration.timeouts
    if waitsForClient {
      let half = stalledBytes == nil ? 2 : 1
      setTimeout(from: writtenNanoseconds, timeouts.writeStallMilliseconds / half)
      return
    }
    switch state {
    case .idle where requests > 0:
      setTimeout(from: sinceNanoseconds, timeouts.keepAliveMilliseconds)
    case .idle, .head: setTimeout(from: sinceNanoseconds, timeouts.headerMilliseconds)
    case .exchange(let exchange):
      if exchange.isTunnel {
        setTimeout(from: exchange.movedNanoseconds, exchange.tunnelIdleMilliseconds)
      } else if exchange.wantsRequestBody, exchange.canTakeRequestBody {
        setTimeout(from: sinceNanoseconds, timeouts.bodyIdleMilliseconds)
      } else {
        timeout?.clear()
      }
    case .lingering:
      setTimeout(from: sinceNanoseconds, worker.configuration.limits.lingeringTimeMilliseconds)
    case .detached, .closed: timeout?.clear()
    }
  }

  private func setTimeout(from start: Int64, _ milliseconds: Int) {
    timeout?.set(atNanoseconds: start + Int64(milliseconds) * 1_000_000)
  }

  // MARK: Without a client

  /// The client is gone, but somebody wants to know what becomes of its request: it is carried out
  /// to the end, and what is written goes nowhere.
  func detach(from exchange: Exchange) {
    state = .detached(exchange)
    isInputEnded = true
    timeout?.clear()
    exchange.state.onLastRequest()
    mark()
  }

  func settle(detached exchange: Exchange) {
    closeStream()
    // Nobody reads an answer that is too long to be kept.
    if exchange.state.response == .begun { exchange.cutOff() }
    if exchange.state.ending == .notYet { return }
    exchange.record.status = PenstockError.clientAborted.row.status
    exchange.record.error = .clientAborted
    exchange.finish()
    worker.giveBack(exchange)
    close(.clientClosed)
    release()
  }

  // MARK: Refusal and shutdown

  /// There is no place for this connection: says so without reading a request.
  func refuse(_ error: PenstockError) {
    let exchange = worker.takeExchange(for: self)
    exchange.record.start(nanoseconds: worker.loop.nowNanoseconds)
    state = .exchange(exchange)
    exchange.answer(error)
    finish(exchange)
    closeReason = .overLimit
  }

  /// Closes now if idle; otherwise the answer in hand is the last.
  func drain() {
    switch state {
    case .idle:
      // A request may already wait in the socket: it is served.
      readInput()
      processInput()
      if case .idle = state {
        closeReason = .shutdown
        isClosingAfterFlush = true
      }
      worker.loop.mark(self)
    case .head, .lingering, .closed: break
    case .exchange(let exchange), .detached(let exchange): exchange.state.onLastRequest()
    }
  }

  /// The grace is over.
  func cutOff() {
    switch state {
    case .exchange(let exchange), .detached(let exchange):
      exchange.onClientGone(.shutdownForced)
      exchange.finish()
      worker.giveBack(exchange)
      if case .exchange = state { stream.abortOnClose() }
    case .head(let exchange): worker.giveBack(exchange)
    case .idle, .lingering, .closed: break
    }
    close(.shutdown)
  }
}
