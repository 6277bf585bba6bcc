import Glibc
import Wire

@testable import Telemetry

func text(of buffer: borrowing ByteBuffer) -> String {
  buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

/// Both ends of a pipe; closes what is still open.
final class Pipe {
  private(set) var source: Int32 = -1
  private(set) var target: Int32 = -1

  init(isTargetNonBlocking: Bool = false) {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0)
    source = ends[0]
    target = ends[1]
    if isTargetNonBlocking { precondition(fcntl(target, F_SETFL, O_NONBLOCK) == 0) }
  }

  deinit {
    closeSource()
    close(target)
  }

  func closeSource() {
    if source >= 0 { close(source) }
    source = -1
  }

  /// Reads until `isEnough` says so or nothing more comes for two seconds.
  func read(until isEnough: ([UInt8]) -> Bool) -> [UInt8] {
    var received: [UInt8] = []
    var space = [UInt8](repeating: 0, count: 65536)
    while !isEnough(received) {
      var request = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
      if poll(&request, 1, 2000) != 1 { break }
      let count = Glibc.read(source, &space, space.count)
      if count <= 0 { break }
      received += space[..<count]
    }
    return received
  }
}

/// A directory of the test's own that goes away with it.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/penstock-telemetry-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    for name in ["log", "log.1"] { unlink(path + "/" + name) }
    rmdir(path)
  }
}

/// The file's lines; nil when it does not end with a line's end.
func lines(ofFile path: String) -> [String]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  if descriptor < 0 { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var space = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = read(descriptor, &space, space.count)
    if count <= 0 { break }
    bytes += space[..<count]
  }
  return wholeLines(bytes)
}

func wholeLines(_ bytes: [UInt8]) -> [String]? {
  if bytes.isEmpty { return [] }
  if bytes.last != 0x0a { return nil }
  return bytes.dropLast().split(separator: 0x0a, omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
}

/// Waits up to five seconds for another thread.
func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<5000 {
    if condition() { return true }
    usleep(1000)
  }
  return condition()
}

extension LogBuffer {
  /// Writes and ends a line.
  mutating func write(line: String, nowNanoseconds: Int64 = 0) {
    bytes.append(line)
    endLine(nowNanoseconds: nowNanoseconds)
  }
}
