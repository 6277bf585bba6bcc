import Glibc

/// The sink's lock and what is waited for under it. pthread's own: the standard library's `Mutex`
/// has no condition variable, and without one the log thread would have to poll.
// Sendable: pthread mutexes and condition variables are made to be used by many threads, and stay
// at one address as long as the lock lives.
final class LogSinkLock: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let work = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let stopped = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(work, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(stopped, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(stopped)
    pthread_cond_destroy(work)
    pthread_mutex_destroy(mutex)
    stopped.deallocate()
    work.deallocate()
    mutex.deallocate()
  }

  func whileHeld<Result: ~Copyable>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  // The rest is called with the lock held.

  func wakeLogThread() { pthread_cond_signal(work) }
  func waitForWork() { pthread_cond_wait(work, mutex) }
  func wakeStopper() { pthread_cond_broadcast(stopped) }

  /// Waits until the log thread says that it ended and `isStopped` holds, or the time is over.
  func waitForLogThread(milliseconds: Int, until isStopped: () -> Bool) {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let nanoseconds = deadline.tv_nsec + milliseconds % 1000 * 1_000_000
    deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    while !isStopped() {
      if pthread_cond_timedwait(stopped, mutex, &deadline) == ETIMEDOUT { return }
    }
  }
}
