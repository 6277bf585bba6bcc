import Glibc

/// A few threads for what may block, the disk above all: tasks in the order in which they come,
/// each on the first thread that is free. What one finds it posts to its loop's `RemoteTasks`.
///
/// A thread is started when a task finds none idle, up to a bound, and stays. How many tasks wait
/// is bounded by whoever submits them: one connection or one file has one at a time.
public final class BlockingTasks: @unchecked Sendable {
  // Sendable: all that changes is behind the mutex.
  private let threadsMax: Int
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let work = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let ended = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var waiting: [@Sendable () -> Void] = []
  /// How many at the front of `waiting` have been taken.
  private var taken = 0
  private var threads = 0
  private var idleThreads = 0
  private var isStopping = false

  public init(threadsMax: Int) {
    precondition(threadsMax > 0)
    self.threadsMax = threadsMax
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(work, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(ended, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  /// Threads keep it alive: there are none by now.
  deinit {
    pthread_cond_destroy(ended)
    pthread_cond_destroy(work)
    pthread_mutex_destroy(mutex)
    ended.deallocate()
    work.deallocate()
    mutex.deallocate()
  }

  /// Has `task` run on one of the threads. For any thread, a task of its own included.
  public func submit(_ task: @escaping @Sendable () -> Void) {
    pthread_mutex_lock(mutex)
    waiting.append(task)
    if idleThreads < waiting.count - taken, threads < threadsMax { startThread() }
    pthread_cond_signal(work)
    pthread_mutex_unlock(mutex)
  }

  /// Ends the threads once nothing waits any more. False where that takes longer than it may: a
  /// disk that does not answer holds nobody up.
  public func stop(withinMilliseconds milliseconds: Int) -> Bool {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let nanoseconds = deadline.tv_nsec + milliseconds % 1000 * 1_000_000
    deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    isStopping = true
    pthread_cond_broadcast(work)
    while threads > 0 {
      if pthread_cond_timedwait(ended, mutex, &deadline) == ETIMEDOUT { return false }
    }
    return true
  }

  // MARK: The threads; the mutex is held

  private func startThread() {
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { pointer in
        Unmanaged<BlockingTasks>.fromOpaque(pointer.unsafelyUnwrapped).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard result == 0 else {
      // The next task tries again; what waits, waits for a thread that there is.
      Unmanaged.passUnretained(self).release()
      return
    }
    pthread_detach(thread)
    threads += 1
  }

  private func run() {
    pthread_mutex_lock(mutex)
    while true {
      if let task = takeNext() {
        pthread_mutex_unlock(mutex)
        task()
        pthread_mutex_lock(mutex)
      } else if isStopping {
        break
      } else {
        idleThreads += 1
        pthread_cond_wait(work, mutex)
        idleThreads -= 1
      }
    }
    threads -= 1
    pthread_cond_broadcast(ended)
    pthread_mutex_unlock(mutex)
  }

  private func takeNext() -> (@Sendable () -> Void)? {
    guard taken < waiting.count else { return nil }
    let task = waiting[taken]
    waiting[taken] = {}
    taken += 1
    if taken == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      taken = 0
    } else if taken >= 64, taken * 2 >= waiting.count {
      waiting.removeFirst(taken)
      taken = 0
    }
    return task
  }
}
