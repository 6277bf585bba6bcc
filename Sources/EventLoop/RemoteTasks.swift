import CSystem
import Glibc

/// How another thread gets something done on a loop's thread: a mutex, a list, an eventfd.
///
/// Off the hot path: drain, reload, and what a helper thread has finished.
public final class RemoteTasks: Watcher, @unchecked Sendable {
  // Sendable: `pending` is behind its mutex, `descriptor` never changes, and the state inherited
  // from Watcher is touched by the loop's thread alone.
  let descriptor: Int32
  private var pending: [@Sendable () -> Void] = []
  /// A POSIX mutex, because thread sanitizer understands it.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  init(_: Void = ()) throws(SystemFault) {
    pthread_mutex_init(mutex, nil)
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard descriptor >= 0 else { throw SystemFault(call: "eventfd", number: errno) }
  }

  deinit {
    close(descriptor)
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `task` on the loop's thread in one of its next turns. For any thread.
  public func post(_ task: @escaping @Sendable () -> Void) {
    pthread_mutex_lock(mutex)
    pending.append(task)
    pthread_mutex_unlock(mutex)
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  public override func onReady(_ readiness: Readiness) {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
    pthread_mutex_lock(mutex)
    let tasks = pending
    pending = []
    pthread_mutex_unlock(mutex)
    for task in tasks { task() }
  }
}
