import CSystem
import Glibc

/// A timer of the kernel's, for what must happen at its time: the wheel's ticks are 4.2 ms.
///
/// Its owner watches the descriptor, which is readable from the time that was set until another is
/// set or it is cleared. Each costs a system call; timeouts of connections hang in the wheel.
public struct TimerDescriptor: ~Copyable {
  public let descriptor: Int32

  public init() throws(SystemFault) {
    let flags = Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK)
    descriptor = timerfd_create(CLOCK_MONOTONIC, flags)
    guard descriptor >= 0 else { throw SystemFault(call: "timerfd_create", number: errno) }
  }

  deinit { close(descriptor) }

  /// Becomes readable at this time of `Clock.monotonicNanoseconds`, at once where it has passed.
  public func set(atNanoseconds deadline: Int64) { arm(max(1, deadline)) }

  public func clear() { arm(0) }

  /// Whatever was due and not read is forgotten, so that nobody has to read it (timerfd_create(2)).
  private func arm(_ deadline: Int64) {
    var setting = itimerspec()
    setting.it_value.tv_sec = Int(deadline / 1_000_000_000)
    setting.it_value.tv_nsec = Int(deadline % 1_000_000_000)
    let result = timerfd_settime(descriptor, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    precondition(result == 0, "timerfd_settime failed")
  }
}
