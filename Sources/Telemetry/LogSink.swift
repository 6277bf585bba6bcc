import Glibc
import Synchronization
import Wire

/// The process's log: a ring of lines that workers fill, and the one thread that writes them.
///
/// No worker ever waits for the log's reader. What does not fit into the ring, and what cannot be
/// written, is dropped and counted by line. A line is written as soon as the thread gets to it,
/// which is at once when the reader keeps up.
// Sendable: `ring`, `next`, `phase` and `isAbandoned` are only used with `lock` held, `output` only
// by the log thread, the rest is immutable or atomic.
public final class LogSink: @unchecked Sendable {
  private enum Phase { case running, stopping, stopped }

  /// How long the log thread waits for a blocked reader before it looks whether to give up.
  private static let blockedWaitMilliseconds: Int32 = 250
  /// The pause after a reader that was writable and then took nothing, so that this never spins.
  private static let spuriousWakeMicroseconds: UInt32 = 10_000

  private let path: String
  private let lock = LogSinkLock()
  private let dropped = Atomic<UInt64>(0)
  private(set) var thread = pthread_t()
  private var ring: LogRing
  private var output: LogOutput
  /// Where to write from the next whole line on, after `reopen`.
  private var next: LogOutput?
  private var phase = Phase.running
  /// True once nobody waits for the log thread any longer: the process is about to exit.
  private var isAbandoned = false

  /// Opens the log and starts its thread. `path`: `stdout`, `stderr` or a file's. `ringBytes`: what
  /// may wait to be written.
  public convenience init(path: String, ringBytes: Int) throws(LogSinkError) {
    self.init(output: try LogOutput(path: path), path: path, ringBytes: ringBytes)
  }

  init(output: consuming LogOutput, path: String, ringBytes: Int) {
    self.path = path
    self.output = output
    ring = LogRing(capacity: ringBytes)
    startThread()
  }

  /// Lines lost so far: the ring was full, or the reader gone, or the disk full.
  public var droppedLines: UInt64 { dropped.load(ordering: .relaxed) }

  func countDropped(lines: Int) {
    dropped.wrappingAdd(UInt64(lines), ordering: .relaxed)
  }

  /// Queues whole lines, or drops and counts them all.
  func queue(_ bytes: UnsafeRawBufferPointer, lines: Int) {
    let isQueued = lock.whileHeld {
      guard phase == .running, ring.append(bytes) else { return false }
      lock.wakeLogThread()
      return true
    }
    if !isQueued { countDropped(lines: lines) }
  }

  /// Opens the path anew, after the file was renamed. Lines handed over from now on go to the new
  /// file, no line is cut in two; when it cannot be opened the old one stays in use.
  public func reopen() throws(LogSinkError) {
    var opened: LogOutput? = try LogOutput(path: path)
    lock.whileHeld {
      next = opened.take()
      lock.wakeLogThread()
    }
  }

  /// Writes all that is queued and ends the log thread. Returns false when the reader did not take
  /// it in time; what was left is then lost, and the process should exit.
  @discardableResult
  public func flushAndStop(timeoutMilliseconds: Int = 2000) -> Bool {
    lock.whileHeld {
      if phase == .running { phase = .stopping }
      lock.wakeLogThread()
      lock.waitForLogThread(milliseconds: timeoutMilliseconds) { phase == .stopped }
      isAbandoned = phase != .stopped
      return !isAbandoned
    }
  }

  // MARK: The log thread

  private func startThread() {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Signals are for the other threads; SIGPIPE, were it delivered, would end the process.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    let failure = pthread_create(
      &thread, &attributes,
      { sink in
        Unmanaged<LogSink>.fromOpaque(sink.unsafelyUnwrapped).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(failure == 0, "the log thread does not start")
    pthread_sigmask(SIG_SETMASK, &before, nil)
    pthread_attr_destroy(&attributes)
  }

  private func run() {
    while let end = waitForWork() {
      adoptReopened()
      write(before: end)
    }
    lock.whileHeld {
      phase = .stopped
      lock.wakeStopper()
    }
  }

  /// Waits for lines or a reopened file. Returns where the last line queued ends, nil when the
  /// thread has to end.
  private func waitForWork() -> Int? {
    lock.whileHeld {
      while ring.isEmpty, next == nil {
        if phase != .running { return nil }
        lock.waitForWork()
      }
      return ring.tail
    }
  }

  /// Changes to the file that `reopen` opened. Closing the old one can block, so it happens without
  /// the lock; what was written to it ends with a whole line.
  private func adoptReopened() {
    if let opened = lock.whileHeld({ next.take() }) { output = opened }
  }

  /// Writes what is queued before `end`, which is a line's end, or drops what cannot be written.
  private func write(before end: Int) {
    var wasBlocked = false
    while true {
      let (first, second) = lock.whileHeld { ring.queued(before: end) }
      if first.isEmpty { return }
      switch output.write(first, second) {
      case .wrote(let count):
        lock.whileHeld { ring.release(count) }
        wasBlocked = false
      case .blocked:
        if wasBlocked { usleep(Self.spuriousWakeMicroseconds) }
        output.waitUntilWritable(timeoutMilliseconds: Self.blockedWaitMilliseconds)
        wasBlocked = true
        if lock.whileHeld({ isAbandoned }) { return drop(first, second) }
      case .failed:
        return drop(first, second)
      }
    }
  }

  private func drop(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) {
    var lines = 0
    for byte in first where byte == 0x0a { lines += 1 }
    for byte in second where byte == 0x0a { lines += 1 }
    countDropped(lines: lines)
    lock.whileHeld { ring.release(first.count + second.count) }
  }
}
