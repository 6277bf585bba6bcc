import EventLoop
import Glibc

/// Accepts a worker's connections on one listening socket.
///
/// Out of descriptors it pauses instead of spinning on a readiness that does not go away.
final class Acceptor: Watcher {
  private unowned let worker: Worker
  private let plane: Plane
  private let halfClose: HalfClose
  private var descriptor: Int32
  private let isTCP: Bool
  private var pause: Timeout?
  private var isPaused = false

  private static let pauseMilliseconds: Int64 = 100

  /// Takes over a listening socket. `isShared`: other workers watch the same one.
  init(
    _ worker: Worker, _ plane: Plane, descriptor: Int32, isTCP: Bool, isShared: Bool,
    halfClose: HalfClose
  ) {
    self.worker = worker
    self.plane = plane
    self.descriptor = descriptor
    self.isTCP = isTCP
    self.halfClose = halfClose
    super.init()
    pause = Timeout(owner: self, loop: worker.loop)
    worker.loop.watch(
      self, descriptor: descriptor, interest: isShared ? [.readable, .exclusive] : .readable)
  }

  override func onReady(_ readiness: Readiness) {
    var left = worker.configuration.limits.acceptsPerTurn
    while left > 0, !isPaused, acceptOne() { left -= 1 }
  }

  /// True where there may be another one.
  private func acceptOne() -> Bool {
    switch Socket.accept(descriptor) {
    case .connection(let connection, let peer):
      if isTCP { Socket.setNoDelay(connection) }
      worker.onAccepted(connection, peer: peer, plane, halfClose)
      return true
    case .again: return true
    case .none: return false
    case .exhausted(let number):
      worker.onAcceptExhausted(number)
      isPaused = true
      worker.loop.mark(self)
      return false
    }
  }

  override func onSettle() {
    guard descriptor >= 0, isPaused else { return }
    worker.loop.forget(descriptor: descriptor)
    pause?.set(atNanoseconds: worker.loop.nowNanoseconds + Self.pauseMilliseconds * 1_000_000)
  }

  override func onTimeout(_ timeout: Timeout) {
    guard descriptor >= 0 else { return }
    isPaused = false
    worker.loop.watch(self, descriptor: descriptor, interest: .readable)
    onReady(.readable)
  }

  /// Accepts what waits, for closing resets it, and closes.
  func close() {
    guard descriptor >= 0 else { return }
    while !isPaused, acceptOne() {}
    pause?.clear()
    if !isPaused { worker.loop.forget(descriptor: descriptor) }
    Glibc.close(descriptor)
    descriptor = -1
  }
}
