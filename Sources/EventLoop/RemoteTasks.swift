import CSystem
import Glibc

/// How another thread gets something done on a loop's thread: a mutex, a list, an eventfd.
///
/// Off the hot path: drain, reload, and what a helper thread has finished.
public final class RemoteTasks: Watcher, @unchecked Sendable {
  // Sendable: `pending` is behind its lock, `descriptor` never changes, and the state inherited
  // from Watcher is touched by the loop's thread alone.
  let descriptor: Int32
  private var pending: [@Sendable () -> Void] = []
  private let lock = Lock()

  init(_: Void = ()) throws(SystemFault) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard descriptor >= 0 else { throw SystemFault(call: "eventfd", number: errno) }
  }

  deinit { close(descriptor) }

  /// Runs `task` on the loop's thread in one of its next turns. For any thread.
  public func post(_ task: @escaping @Sendable () -> Void) {
    lock.whileHeld { pending.append(task) }
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  public override func onReady(_ readiness: Readiness) {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
    let tasks = lock.whileHeld {
      defer { pending = [] }
      return pending
    }
    for task in tasks { task() }
  }
}
