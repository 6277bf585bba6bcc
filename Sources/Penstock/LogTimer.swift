import EventLoop
import Telemetry

/// Hands a quiet worker's log lines over in time.
final class LogTimer: Watcher {
  private unowned let worker: Worker
  private var timeout: Timeout?

  init(_ worker: Worker) {
    self.worker = worker
    super.init()
    timeout = Timeout(owner: self, loop: worker.loop)
  }

  func start() {
    guard let timeout, !timeout.isSet else { return }
    timeout.set(atNanoseconds: worker.loop.nowNanoseconds + LogBuffer.ageNanosecondsMax)
  }

  override func onTimeout(_ timeout: Timeout) { worker.handOverLog() }
}
