import EventLoop
import Glibc
import Upstream

/// What a server does to its process: signals, threads, descriptors.
enum ServerProcess {
  /// The signals that the main thread waits for. All threads have them blocked.
  private static var handled: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] { sigaddset(&set, signal) }
    return set
  }

  /// Before any other thread is started.
  static func prepare() {
    var set = handled
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // TLS writes cannot pass MSG_NOSIGNAL.
    signal(SIGPIPE, SIG_IGN)
    // Where TLS keys would be written, and detours that nobody configured.
    for name in [
      "SSLKEYLOGFILE", "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
      "all_proxy", "NO_PROXY", "no_proxy", "CURL_CA_BUNDLE",
    ] { unsetenv(name) }
    Dialer.prepareProcess()
    raiseDescriptorLimit()
  }

  /// Waits for a signal; nil where none came in time. `milliseconds` nil waits for ever.
  static func waitForSignal(milliseconds: Int?) -> Int32? {
    var set = handled
    guard let milliseconds else {
      var signal: Int32 = 0
      return sigwait(&set, &signal) == 0 ? signal : nil
    }
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    let signal = sigtimedwait(&set, nil, &time)
    return signal > 0 ? signal : nil
  }

  /// Runs a worker on a thread of its own.
  static func startThread(_ worker: Worker) -> pthread_t {
    worker.shared.runningWorkers.add(1)
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { pointer in
        let worker = Unmanaged<Worker>.fromOpaque(pointer.unsafelyUnwrapped).takeRetainedValue()
        worker.run()
        worker.shared.runningWorkers.add(-1)
        return nil
      }, Unmanaged.passRetained(worker).toOpaque())
    precondition(result == 0, "no thread for a worker")
    return thread
  }

  // MARK: Addresses

  /// The listeners, and for those on a wildcard each address that this host has now.
  static func reachable(_ listeners: [SocketAddress]) -> [SocketAddress] {
    let wildcardPorts = listeners.filter { $0.host == "0.0.0.0" || $0.host == "::" }
      .compactMap(\.port)
    if wildcardPorts.isEmpty { return listeners }
    return listeners
      + Socket.interfaceAddresses().flatMap { address in
        wildcardPorts.map { address.with(port: $0) }
      }
  }

  // MARK: Descriptors

  /// Kept free for logs, name lookups and the like.
  private static let reservedDescriptors = 64

  private static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// The limit on connections, or fewer where each with its upstream does not fit.
  static func connectionsThatFit(_ wanted: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
    let descriptors = Int(clamping: limit.rlim_cur)
    return max(1, min(wanted, (descriptors - reservedDescriptors) / 2))
  }
}

extension SocketAddress {
  init(_ address: ListenAddress) {
    switch address {
    case .ipv4(let octets, let port): self = .ipv4(octets, port: port)
    case .ipv6(let octets, let port): self = .ipv6(octets, port: port)
    case .unix(let path): self = .unix(path: path)
    }
  }
}
