import Glibc
import Testing

@testable import EventLoop

/// A watcher that writes down what the loop tells it, and does what a test wants then.
final class Probe: Watcher {
  var ready: [Readiness] = []
  var settles = 0
  var expired: [Timeout] = []
  var reactToReady: () -> Void = {}
  var reactToSettle: () -> Void = {}
  var reactToTimeout: (Timeout) -> Void = { _ in }

  override func onReady(_ readiness: Readiness) {
    ready.append(readiness)
    reactToReady()
  }

  override func onSettle() {
    settles += 1
    reactToSettle()
  }

  override func onTimeout(_ timeout: Timeout) {
    expired.append(timeout)
    reactToTimeout(timeout)
  }
}

/// Counts the turns, and ends the loop after some.
final class TurnLimit: TurnEndHandler {
  private unowned let loop: EventLoop
  private var left: Int

  init(_ loop: EventLoop, turns: Int) {
    self.loop = loop
    left = turns
    loop.setTurnEndHandler(self)
  }

  func onTurnEnd() {
    left -= 1
    if left == 0 { loop.stop() }
  }
}

extension EventLoop {
  /// Takes so many turns; only for a loop that has something to do in each of them.
  func run(turns: Int) {
    let limit = TurnLimit(self, turns: turns)
    withExtendedLifetime(limit) { run() }
  }
}

/// The number that the next descriptor will have.
func lowestFreeDescriptor() -> Int32 {
  let descriptor = fcntl(0, F_DUPFD, 3)
  close(descriptor)
  return descriptor
}

/// The permissions of all regular files without a name that this process has open.
func namelessFiles() -> [UInt32] {
  (Int32(3)..<1024).compactMap { descriptor in
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return status.st_nlink == 0 ? status.st_mode & 0o777 : nil
  }
}

/// Does something while this process can open nothing more; only in a process of the test's own.
func withoutFreeDescriptors(_ body: () -> Void) {
  let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  var usual = rlimit()
  #expect(getrlimit(resource, &usual) == 0)
  var none = rlimit(rlim_cur: rlim_t(lowestFreeDescriptor()), rlim_max: usual.rlim_max)
  #expect(setrlimit(resource, &none) == 0)
  body()
  #expect(setrlimit(resource, &usual) == 0)
}

/// Two connected, non-blocking stream sockets.
func socketPair() -> (Int32, Int32) {
  var ends: [Int32] = [-1, -1]
  let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
  precondition(socketpair(AF_UNIX, kind, 0, &ends) == 0)
  return (ends[0], ends[1])
}

/// Both ends of a TCP connection over loopback: the accepted one, non-blocking, and the other.
func tcpPair() throws -> (Int32, Int32) {
  let listener = try Socket.listen(on: .ipv4([127, 0, 0, 1], port: 0))
  defer { close(listener) }
  let address = Socket.localAddress(of: listener) ?? .unix(path: "")
  let connected = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  guard address.withSockaddr({ connect(connected, $0, $1) }) == 0 else {
    throw SystemFault(call: "connect", number: errno)
  }
  for _ in 0..<1_000 {
    if case .connection(let accepted, _) = Socket.accept(listener) {
      return (accepted, connected)
    }
    usleep(1_000)
  }
  throw SystemFault(call: "accept", number: EAGAIN)
}

/// How two ends are joined.
enum Link: CaseIterable {
  case unix
  case tcp

  /// Two connected, non-blocking stream sockets, each of which sends small pieces at once.
  func make() throws -> (Int32, Int32) {
    switch self {
    case .unix: return socketPair()
    case .tcp:
      let (accepted, connected) = try tcpPair()
      precondition(fcntl(connected, F_SETFL, O_NONBLOCK) == 0)
      for end in [accepted, connected] { Socket.setNoDelay(end) }
      return (accepted, connected)
    }
  }
}

/// True once `isDone` is, asked again for two seconds.
func eventually(_ isDone: () -> Bool) -> Bool {
  for _ in 0..<2_000 {
    if isDone() { return true }
    usleep(1_000)
  }
  return isDone()
}

/// Bytes of which no two neighbouring runs are alike, so that one in the wrong place is seen.
func pattern(_ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
}

/// Milliseconds as the loop's nanoseconds.
func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
