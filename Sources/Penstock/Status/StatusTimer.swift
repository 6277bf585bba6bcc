import EventLoop

/// Has the status page's history take a sample every other second, off the worker's thread.
final class StatusTimer: Watcher {
  private let shared: SharedState
  private let loop: EventLoop
  private var timeout: Timeout?

  init(_ shared: SharedState, _ loop: EventLoop) {
    self.shared = shared
    self.loop = loop
    super.init()
    timeout = Timeout(owner: self, loop: loop)
    start()
  }

  override func onTimeout(_ timeout: Timeout) {
    let history = shared.history
    shared.scrapes.submit { history.sample() }
    start()
  }

  private func start() {
    timeout?.set(atNanoseconds: loop.nowNanoseconds + StatusHistory.intervalNanoseconds)
  }
}
