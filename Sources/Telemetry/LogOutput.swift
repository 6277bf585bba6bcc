import Glibc

/// The descriptor that log lines are written to. Used by the log thread alone once it runs.
struct LogOutput: ~Copyable {
  enum Result {
    case wrote(Int)
    /// The reader is slow: the descriptor takes nothing now.
    case blocked
    /// Nobody reads, the disk is full or broken: what was to be written is lost.
    case failed
  }

  let descriptor: Int32
  private let isOwned: Bool
  /// True exactly when the last byte written was not a line's last.
  private var isInsideLine = false
  /// True exactly when the rest of a line that was begun is lost, so that the next line must not
  /// be glued to it.
  private var isLineTorn = false

  /// `isOwned`: whether the descriptor is closed with the output.
  init(descriptor: Int32, isOwned: Bool) {
    self.descriptor = descriptor
    self.isOwned = isOwned
  }

  /// Opens `stdout`, `stderr` or a file by its path, which is made if it is missing.
  init(path: String) throws(LogSinkError) {
    switch path {
    case "stdout": self.init(descriptor: STDOUT_FILENO, isOwned: false)
    case "stderr": self.init(descriptor: STDERR_FILENO, isOwned: false)
    default:
      // O_APPEND: a file that logrotate truncated goes on at its new end.
      let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
      if descriptor < 0 { throw .cannotOpen(path: path, errorNumber: errno) }
      self.init(descriptor: descriptor, isOwned: true)
    }
  }

  deinit { if isOwned { close(descriptor) } }

  /// Writes as much as the descriptor takes of two parts that follow each other.
  mutating func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Result {
    var lineFeed: UInt8 = 0x0a
    let repair = isLineTorn ? 1 : 0
    let written = withUnsafeMutablePointer(to: &lineFeed) { lineFeed in
      var parts: InlineArray<3, iovec> = [
        iovec(iov_base: lineFeed, iov_len: repair),
        iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
        iovec(
          iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count),
      ]
      return retryingOnSignal(&parts)
    }
    if written < 0, errno == EAGAIN { return .blocked }
    guard written > 0 else {
      isLineTorn = isInsideLine
      return .failed
    }
    let taken = written - repair
    let last: UInt8
    switch taken {
    case 0: last = lineFeed
    case ...first.count: last = first[taken - 1]
    default: last = second[taken - first.count - 1]
    }
    isInsideLine = last != lineFeed
    isLineTorn = false
    return .wrote(taken)
  }

  /// Waits until a blocked descriptor takes bytes again, or its reader is gone.
  func waitUntilWritable(timeoutMilliseconds: Int32) {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    poll(&request, 1, timeoutMilliseconds)
  }

  private func retryingOnSignal(_ parts: inout InlineArray<3, iovec>) -> Int {
    var span = parts.mutableSpan
    return span.withUnsafeMutableBufferPointer { parts in
      while true {
        let written = writev(descriptor, parts.baseAddress, Int32(parts.count))
        if written >= 0 || errno != EINTR { return written }
      }
    }
  }
}
