import EventLoop

/// Has a worker see to it that the store is swept now and then.
final class FileSweepTimer: Watcher {
  private let store: FileStore
  private let loop: EventLoop
  private var timeout: Timeout?

  init(_ store: FileStore, _ loop: EventLoop) {
    self.store = store
    self.loop = loop
    super.init()
    timeout = Timeout(owner: self, loop: loop)
    sweep()
  }

  private static let milliseconds: Int64 = 30_000

  override func onTimeout(_ timeout: Timeout) { sweep() }

  private func sweep() {
    let store = store
    store.tasks.submit { store.sweep() }
    timeout?.set(atNanoseconds: loop.nowNanoseconds + Self.milliseconds * 1_000_000)
  }
}
