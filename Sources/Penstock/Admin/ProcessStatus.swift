import Glibc

/// The numbers of /proc/self/stat (proc(5)) that metrics are made of.
struct ProcessStatus {
  let cpuTicks: UInt64
  /// When the process started, counted from the machine's start.
  let startTicks: UInt64
  let virtualBytes: UInt64
  let residentPages: UInt64

  /// A line of it is some 300 bytes, the process's name of at most 64 included.
  private static let lineBytesMax = 1024

  static func read() -> ProcessStatus? {
    let descriptor = open("/proc/self/stat", O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: lineBytesMax, alignment: 1) { line in
      let count = Glibc.read(descriptor, line.baseAddress, line.count)
      return count > 0 ? ProcessStatus(line: UnsafeRawBufferPointer(rebasing: line[..<count])) : nil
    }
  }

  /// The second field is the name in parentheses and may hold anything, parentheses and spaces too,
  /// so that the fields are counted from the last parenthesis on: field 3 follows it.
  init?(line: UnsafeRawBufferPointer) {
    guard let nameEnd = line.lastIndex(of: 0x29) else { return nil }
    let fields = line[(nameEnd + 1)...].split(separator: 0x20)
    func number(_ field: Int) -> UInt64? {
      guard field - 3 < fields.count else { return nil }
      return fields[field - 3].reduce(0) { $0 &* 10 &+ UInt64($1 &- 0x30) }
    }
    guard let user = number(14), let system = number(15), let start = number(22),
      let virtual = number(23), let resident = number(24)
    else { return nil }
    cpuTicks = user &+ system
    startTicks = start
    virtualBytes = virtual
    residentPages = resident
  }
}
