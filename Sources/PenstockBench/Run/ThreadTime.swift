import Glibc

/// What the calling thread has had of the machine's cores, in nanoseconds.
struct ThreadTime: Sendable, Equatable {
  /// It ran.
  var cpu: Int64 = 0
  /// It could have run, but others did. 0 where the kernel does not count it.
  var wait: Int64 = 0

  static func now() -> ThreadTime {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return ThreadTime(
      cpu: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec), wait: waitNanoseconds())
  }

  static func - (later: ThreadTime, earlier: ThreadTime) -> ThreadTime {
    ThreadTime(cpu: later.cpu - earlier.cpu, wait: later.wait - earlier.wait)
  }

  /// The second number of schedstat (proc(5), Documentation/scheduler/sched-stats.rst).
  private static func waitNanoseconds() -> Int64 {
    guard let file = fopen("/proc/thread-self/schedstat", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let numbers = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
      separator: " ")
    return numbers.count < 2 ? 0 : Int64(numbers[1]) ?? 0
  }
}
