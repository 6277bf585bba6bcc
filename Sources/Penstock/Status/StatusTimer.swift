import EventLoop
import Synchronization

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
    // Where the helper is late, samples are left out and none waits.
    if !history.isSampling.exchange(true, ordering: .relaxed) {
      shared.scrapes.submit {
        history.sample()
        history.isSampling.store(false, ordering: .relaxed)
      }
    }
    start()
  }

  private func start() {
    timeout?.set(atNanoseconds: loop.nowNanoseconds + StatusHistory.intervalNanoseconds)
  }
}
