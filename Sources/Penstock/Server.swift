import EventLoop
import Glibc
import Telemetry
import Upstream

/// The version of this build.
public let penstockVersion = "0.1.0"

/// The process: sockets, workers, signals.
///
/// The main thread waits for signals; every worker has a thread of its own.
public final class Server {
  private let configuration: Configuration
  private let shared: SharedState
  private let files: FileStore?
  private var workers: [Worker] = []
  private var threads: [pthread_t] = []

  /// Binds all sockets and makes all workers, without serving yet.
  /// Errors: what could not be bound, opened or read, in words for an operator.
  public init(_ configuration: Configuration) throws(ServerFault) {
    self.configuration = configuration
    ServerProcess.prepare()
    let listeners = configuration.listeners.map { SocketAddress($0.address) }
    let operatorListeners = [configuration.admin, configuration.metrics.listen].compactMap {
      $0.map { SocketAddress($0) }
    }
    let sink: LogSink
    do throws(LogSinkError) {
      sink = try LogSink(
        path: configuration.log.path, ringBytes: configuration.limits.logRingBytes)
    } catch {
      throw ServerFault("log \(configuration.log.path): \(error)")
    }
    files = try FileStore(configuration.files, configuration.limits)
    shared = SharedState(
      configuration, sink: sink, files: files,
      connectionsMax: ServerProcess.connectionsThatFit(configuration.limits.connections),
      ownListeners: ServerProcess.reachable(listeners + operatorListeners),
      startUnixSeconds: Double(Clock.wallNanoseconds()) / 1e9)
    for index in 0..<configuration.workers {
      workers.append(try Worker(index, shared))
    }
    try bind()
  }

  // MARK: Sockets

  private func bind() throws(ServerFault) {
    for listener in configuration.listeners {
      let address = SocketAddress(listener.address)
      try bind(address, .data, listener.halfClose, workers)
    }
    if let admin = configuration.admin {
      try bind(SocketAddress(admin), .admin, .serve, [workers[0]])
    }
    if let metrics = configuration.metrics.listen {
      try bind(SocketAddress(metrics), .metrics, .serve, [workers[0]])
    }
  }

  /// A TCP listener a worker, so that the kernel shares connections out; a unix one for all.
  private func bind(
    _ address: SocketAddress, _ plane: Plane, _ halfClose: HalfClose, _ workers: [Worker]
  ) throws(ServerFault) {
    do throws(SystemFault) {
      if Socket.isTaken(address) { throw SystemFault(call: "bind", number: EADDRINUSE) }
      let isUnix = address.port == nil
      var shared: Int32 = -1
      for worker in workers {
        let descriptor: Int32
        if isUnix, shared >= 0 {
          descriptor = fcntl(shared, F_DUPFD_CLOEXEC, 0)
        } else {
          descriptor = try Socket.listen(on: address)
        }
        shared = descriptor
        worker.listen(
          descriptor, plane, isTCP: !isUnix, isShared: isUnix && workers.count > 1,
          halfClose: halfClose)
      }
    } catch {
      throw ServerFault("listen on \(address): \(error)")
    }
  }

  // MARK: Running

  /// Serves until SIGTERM or SIGINT and the drain that follows; returns the exit code.
  public func run() -> Int32 {
    for worker in workers { threads.append(ServerProcess.startThread(worker)) }
    tell("started", "penstock \(penstockVersion), \(workers.count) workers")
    tellOfFiles()
    Memory.giveBack()  // what reading the configuration took
    for warning in configuration.warnings { tell("configuration", warning, level: .warn) }
    while true {
      switch ServerProcess.waitForSignal(milliseconds: nil) {
      case SIGTERM, SIGINT: return drain()
      case SIGUSR1: reopenLog()
      case SIGHUP, SIGUSR2:
        tell("signal_ignored", "this version neither reloads nor hands over", level: .warn)
      default: break
      }
    }
  }

  private func tellOfFiles() {
    guard let files else {
      tell("files_off", "no directory for binary results could be made", level: .warn)
      return
    }
    tell("files", "binary results are kept in \(files.path)")
    // Where a directory is configured, the reader of the configuration has said so.
    if configuration.files.signingKeys.isEmpty, configuration.files.directory == nil {
      tell(
        "files", "without files.signing_key links to binary results end with the process",
        level: .warn)
    }
  }

  private func reopenLog() {
    do throws(LogSinkError) {
      try shared.sink.reopen()
    } catch {
      tell("log_not_reopened", "\(error)", level: .error)
    }
  }

  /// Not ready at once; listeners stay open for the delay; then what is in flight has the grace.
  private func drain() -> Int32 {
    let timeouts = configuration.timeouts
    tell("draining", "shutting down")
    onWorkers { $0.beginDraining() }
    if pause(milliseconds: timeouts.shutdownDelayMilliseconds) { return exitAtOnce() }
    onWorkers { $0.closeListeners() }
    let isForced = waitForWorkers(milliseconds: timeouts.shutdownGraceMilliseconds)
    if isForced { return exitAtOnce() }
    for thread in threads { pthread_join(thread, nil) }
    removeSocketFiles()
    // What was given up is taken off the disk, unless that does not answer.
    _ = files?.tasks.stop(withinMilliseconds: 2000)
    shared.sink.flushAndStop()
    return 0
  }

  /// True where a second signal came.
  private func pause(milliseconds: Int) -> Bool {
    let end = Clock.monotonicNanoseconds() + Int64(milliseconds) * 1_000_000
    while true {
      let left = Int((end - Clock.monotonicNanoseconds()) / 1_000_000)
      if left <= 0 { return false }
      let signal = ServerProcess.waitForSignal(milliseconds: left)
      if signal == SIGTERM || signal == SIGINT { return true }
    }
  }

  /// Waits until the workers have ended by themselves, or cuts them off. True on a second signal.
  private func waitForWorkers(milliseconds: Int) -> Bool {
    let end = Clock.monotonicNanoseconds() + Int64(milliseconds) * 1_000_000
    var isCut = false
    while shared.runningWorkers.value > 0 {
      let signal = ServerProcess.waitForSignal(milliseconds: 10)
      if signal == SIGTERM || signal == SIGINT { return true }
      if !isCut, Clock.monotonicNanoseconds() >= end {
        isCut = true
        onWorkers { $0.cutOff() }
      }
    }
    return false
  }

  private func exitAtOnce() -> Int32 {
    removeSocketFiles()
    shared.sink.flushAndStop(timeoutMilliseconds: 200)
    return 1
  }

  private func removeSocketFiles() {
    for listener in configuration.listeners {
      if case .unix(let path) = listener.address { unlink(path) }
    }
  }

  // MARK: Telling workers

  private func onWorkers(_ task: @escaping @Sendable (Worker) -> Void) {
    for worker in workers {
      let handle = WorkerHandle(worker)
      worker.remote.post { task(handle.worker) }
    }
  }

  private func tell(
    _ event: StaticString, _ message: String, level: LogLevel = .info
  ) {
    let handle = WorkerHandle(workers[0])
    workers[0].remote.post { handle.worker.tell(level, event, message) }
  }
}

/// Carries a worker to its own thread.
struct WorkerHandle: @unchecked Sendable {
  // Sendable: the worker is only touched by the closure that its own loop runs.
  let worker: Worker
  init(_ worker: Worker) { self.worker = worker }
}
