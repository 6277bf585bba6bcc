import EventLoop

/// Has something begun again and again by a worker's loop, which hands it to a helper thread.
final class RepeatingTimer: Watcher {
  private let loop: EventLoop
  private let nanoseconds: Int64
  private let action: () -> Void
  private var timeout: Timeout?

  /// The first time is `nanoseconds` from now.
  init(_ loop: EventLoop, everyNanoseconds nanoseconds: Int64, _ action: @escaping () -> Void) {
    self.loop = loop
    self.nanoseconds = nanoseconds
    self.action = action
    super.init()
    timeout = Timeout(owner: self, loop: loop)
    start()
  }

  override func onTimeout(_ timeout: Timeout) {
    action()
    start()
  }

  private func start() { timeout?.set(atNanoseconds: loop.nowNanoseconds + nanoseconds) }
}
