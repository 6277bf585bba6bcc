import Glibc

@testable import EventLoop

/// A watcher that writes down what the loop tells it, and does what a test wants then.
final class Probe: Watcher {
  var ready: [Readiness] = []
  var settles = 0
  var expired: [Timeout] = []
  var reactToReady: () -> Void = {}
  var reactToSettle: () -> Void = {}
  var reactToTimeout: (Timeout) -> Void = { _ in }

  override func onReady(_ readiness: Readiness) {
    ready.append(readiness)
    reactToReady()
  }

  override func onSettle() {
    settles += 1
    reactToSettle()
  }

  override func onTimeout(_ timeout: Timeout) {
    expired.append(timeout)
    reactToTimeout(timeout)
  }
}

/// Counts the turns, and ends the loop after some.
final class TurnLimit: TurnEndHandler {
  private unowned let loop: EventLoop
  private var left: Int

  init(_ loop: EventLoop, turns: Int) {
    self.loop = loop
    left = turns
    loop.setTurnEndHandler(self)
  }

  func onTurnEnd() {
    left -= 1
    if left == 0 { loop.stop() }
  }
}

extension EventLoop {
  /// Takes so many turns; only for a loop that has something to do in each of them.
  func run(turns: Int) {
    let limit = TurnLimit(self, turns: turns)
    withExtendedLifetime(limit) { run() }
  }
}

/// Two connected, non-blocking stream sockets.
func socketPair() -> (Int32, Int32) {
  var ends: [Int32] = [-1, -1]
  let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
  precondition(socketpair(AF_UNIX, kind, 0, &ends) == 0)
  return (ends[0], ends[1])
}

/// Milliseconds as the loop's nanoseconds.
func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
