import Glibc
import Telemetry
import Wire

/// What the kernel says about this process, under the names that Prometheus' own clients use.
///
/// A fact that cannot be read (proc(5) not mounted) leaves its family out.
enum ProcessMetrics {
  private static let cpu = MetricFamily(
    "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.")
  private static let openDescriptors = MetricFamily(
    "process_open_fds", .gauge, "Number of open file descriptors.")
  private static let maxDescriptors = MetricFamily(
    "process_max_fds", .gauge, "Maximum number of open file descriptors.")
  private static let virtualMemory = MetricFamily(
    "process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.")
  private static let residentMemory = MetricFamily(
    "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
  private static let startTime = MetricFamily(
    "process_start_time_seconds", .gauge,
    "Start time of the process since unix epoch in seconds.")

  /// What a tick of /proc/self/stat is worth.
  private static let tickNanoseconds = 1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))

  /// Fixed at the first scrape: derived from the wall clock, it would move when that is set.
  private static let startUnixNanoseconds: UInt64? = ProcessStatus.read().flatMap { status in
    let sinceBoot = status.startTicks &* tickNanoseconds
    let age = nanoseconds(CLOCK_BOOTTIME).subtractingReportingOverflow(sinceBoot)
    let start = nanoseconds(CLOCK_REALTIME).subtractingReportingOverflow(age.partialValue)
    return age.overflow || start.overflow ? nil : start.partialValue
  }

  static func write(exposition: Exposition) {
    let none = LabelSet()
    if let status = ProcessStatus.read() {
      exposition.writeHeader(cpu)
      exposition.write(cpu, none, nanoseconds: status.cpuTicks &* tickNanoseconds)
      exposition.writeHeader(virtualMemory)
      exposition.write(virtualMemory, none, status.virtualBytes)
      exposition.writeHeader(residentMemory)
      let pageBytes = UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
      exposition.write(residentMemory, none, status.residentPages &* pageBytes)
    }
    if let start = startUnixNanoseconds {
      exposition.writeHeader(startTime)
      exposition.write(startTime, none, nanoseconds: start)
    }
    if let count = countDescriptors() {
      exposition.writeHeader(openDescriptors)
      exposition.write(openDescriptors, none, count)
    }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      exposition.writeHeader(maxDescriptors)
      exposition.write(maxDescriptors, none, UInt64(limit.rlim_cur))
    }
  }

  private static func countDescriptors() -> Int? {
    guard let directory = opendir("/proc/self/fd") else { return nil }
    defer { closedir(directory) }
    var entries = 0
    while readdir(directory) != nil { entries += 1 }
    // Not counted: ".", "..", and the descriptor that reads the directory.
    return max(0, entries - 3)
  }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
