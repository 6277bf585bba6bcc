import Glibc

/// A mutex, for what several threads share off the hot path. POSIX's, because thread sanitizer
/// understands it.
// Sendable: pthread mutexes are made to be used by many threads, and stay at one address as long as
// the lock lives.
public final class Lock: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  public init() { pthread_mutex_init(mutex, nil) }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Not from within itself: it would wait for ever.
  public func whileHeld<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }
}
