import EventLoop
import Glibc

/// Carries out a plan on as many threads as it says, and hands back what they counted.
struct Generator {
  let plan: RunPlan
  let board: RunBoard

  init(plan: RunPlan) {
    self.plan = plan
    board = RunBoard(threads: plan.threads)
  }

  /// Starts the threads; `wait` waits for them.
  /// Errors: `RunFault` where a thread has not what it takes.
  func start() throws(RunFault) {
    // A write on TLS to a peer that has closed would otherwise end the process.
    signal(SIGPIPE, SIG_IGN)
    raiseDescriptorLimit()
    for index in 0..<plan.threads {
      let thread: GeneratorThread
      do {
        thread = try GeneratorThread(index: index, plan: plan, board: board)
      } catch let fault as TLSContextFault {
        throw RunFault(
          fault == .noCertificates ? "--ca names no file with certificates in PEM" : "no memory")
      } catch {
        throw RunFault("cannot start: \(error)")
      }
      try startThread(thread)
    }
  }

  private func startThread(_ thread: GeneratorThread) throws(RunFault) {
    // Signals are for the thread that waits; a new thread inherits what is blocked.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var made = pthread_t()
    let result = pthread_create(
      &made, nil,
      { pointer in
        guard let pointer else { return nil }
        Unmanaged<GeneratorThread>.fromOpaque(pointer).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(thread).toOpaque())
    guard result == 0 else { throw RunFault("cannot start a thread: \(StreamFault.text(result))") }
    pthread_detach(made)
  }

  /// Waits until all threads have ended; calls `look` ten times a second meanwhile.
  func wait(_ look: () -> Void) {
    while board.finishedCount < plan.threads {
      usleep(Self.lookMicroseconds)
      look()
    }
  }

  private static let lookMicroseconds: UInt32 = 20_000

  private func raiseDescriptorLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
