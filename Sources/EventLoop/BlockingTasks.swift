import Glibc

/// A few threads for what may block: disks. Work goes in from any thread, in order; what it came to
/// goes back through its loop's `RemoteTasks`.
// Sendable: everything that changes is behind the mutex.
public final class BlockingTasks: @unchecked Sendable {
  /// POSIX ones, because thread sanitizer understands them.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var tasks: [@Sendable () -> Void] = []
  private var isStopping = false
  private var threads: [pthread_t] = []

  public init(threads count: Int) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    for _ in 0..<count {
      var thread = pthread_t()
      let handle = Unmanaged.passRetained(self).toOpaque()
      let code = pthread_create(&thread, nil, blockingThread, handle)
      precondition(code == 0, "no thread to be had at the start")
      threads.append(thread)
    }
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Has `task` run on one of the threads. Whoever submits bounds how many of its own there are.
  public func submit(_ task: @escaping @Sendable () -> Void) {
    pthread_mutex_lock(mutex)
    tasks.append(task)
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Runs what was submitted, and ends the threads.
  public func stop() {
    pthread_mutex_lock(mutex)
    isStopping = true
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  fileprivate func run() {
    while let task = next() { task() }
  }

  private func next() -> (@Sendable () -> Void)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while tasks.isEmpty {
      if isStopping { return nil }
      pthread_cond_wait(condition, mutex)
    }
    return tasks.removeFirst()
  }
}

private func blockingThread(_ handle: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let handle else { return nil }
  Unmanaged<BlockingTasks>.fromOpaque(handle).takeRetainedValue().run()
  return nil
}
