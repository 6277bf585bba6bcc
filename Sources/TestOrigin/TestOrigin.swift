import EventLoop
import Glibc
import Synchronization

/// An HTTP/1.1 server with a choice of answers, for `penstock demo`, benchmarks and tests.
///
/// One event loop, one thread, constant memory: no body is ever held whole. `GET /` lists what it
/// answers.
public final class TestOrigin: @unchecked Sendable {
  // Sendable: after `init`, the thread in `run` alone touches the loop and what hangs on it;
  // `stop` reaches that thread through `RemoteTasks`.

  /// Where it listens, with the port that the kernel chose where 0 was asked for.
  public let address: SocketAddress

  private let loop: EventLoop
  private let context: OriginContext
  private let thread = Mutex<pthread_t?>(nil)

  /// Listens at once, so that whoever connects from now on is served as soon as it runs.
  /// Errors: `SystemFault` naming the call, EADDRINUSE where somebody listens there already.
  public init(address wanted: SocketAddress) throws(SystemFault) {
    if wanted.port != 0, Socket.isTaken(wanted) {
      throw SystemFault(call: "bind", number: EADDRINUSE)
    }
    loop = try EventLoop()
    context = OriginContext(loop: loop)
    let descriptor = try Socket.listen(on: wanted)
    address = Socket.localAddress(of: descriptor).flatMap { $0.port == nil ? nil : $0 } ?? wanted
    let listener = OriginListener(descriptor: descriptor, context: context)
    loop.watch(listener, descriptor: descriptor, interest: .readable)
  }

  /// Serves on the caller's thread until `stop`.
  public func run() { loop.run() }

  /// Serves on a thread of its own until `stop`, which must be called.
  public func start() {
    let origin = Unmanaged.passRetained(self).toOpaque()
    var made = pthread_t()
    // Signals are for the program that runs the origin; a thread inherits what is blocked.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let result = pthread_create(
      &made, nil,
      { origin in
        guard let origin else { return nil }
        Unmanaged<TestOrigin>.fromOpaque(origin).takeRetainedValue().run()
        return nil
      }, origin)
    precondition(result == 0, "no thread for the test origin")
    thread.withLock { $0 = made }
  }

  /// Ends `run`, and waits for the thread that `start` made. Open connections are cut.
  /// For any thread but the origin's own.
  public func stop() {
    loop.remoteTasks.post { self.loop.stop() }
    let started = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    if let started { pthread_join(started, nil) }
  }
}
