import Glibc

/// The two clocks. Only an event loop reads them on the data path, once a turn.
public enum Clock {
  /// Time that never jumps, since some start; for timeouts and durations.
  public static func monotonicNanoseconds() -> Int64 { read(CLOCK_MONOTONIC) }

  /// Time since 1970, which an operator may set; for log lines and dates.
  public static func wallNanoseconds() -> Int64 { read(CLOCK_REALTIME) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
