import Glibc

/// Where a command says what it cannot do.
enum StandardError {
  static func print(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    var start = 0
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno != EINTR { return }
      start += max(0, count)
    }
  }
}
