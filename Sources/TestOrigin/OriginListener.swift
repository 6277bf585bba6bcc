import EventLoop
import Glibc

/// Accepts the origin's connections. Owns the listening descriptor.
final class OriginListener: Watcher {
  private let descriptor: Int32
  private let context: OriginContext
  private var pause: Timeout?

  init(descriptor: Int32, context: OriginContext) {
    self.descriptor = descriptor
    self.context = context
    super.init()
    pause = Timeout(owner: self, loop: context.loop)
  }

  deinit { close(descriptor) }

  override func onReady(_ readiness: Readiness) {
    for _ in 0..<OriginContext.acceptsPerTurn {
      switch Socket.accept(descriptor) {
      case .connection(let accepted, let peer):
        if peer.port != nil { Socket.setNoDelay(accepted) }
        OriginConnection(descriptor: accepted, context: context).start()
      case .again: continue
      case .none: return
      case .exhausted: return waitForDescriptors()
      }
    }
  }

  /// Without this the loop would spin: the connection still waits, and still cannot be accepted.
  private func waitForDescriptors() {
    context.loop.change(descriptor: descriptor, interest: [])
    pause?.set(atNanoseconds: context.loop.nowNanoseconds + OriginContext.exhaustedNanoseconds)
  }

  override func onTimeout(_ timeout: Timeout) {
    context.loop.change(descriptor: descriptor, interest: .readable)
  }
}
