import CSystem
import EventLoop
import Glibc

/// Who is told how a dial goes, and how it ended. Called in the settle, but for `onNamed`.
protocol DialTarget: AnyObject {
  /// The addresses are known and about to be tried. Called by libcurl: it may only take a note.
  func onNamed()
  /// `descriptor` is the target's to close.
  func onDialed(_ descriptor: Int32, _ times: DialTimes)
  func onDialFailed(_ failure: UpstreamFailure)
}

/// How long the parts of a dial took, in microseconds.
public struct DialTimes: Sendable {
  public var nameMicroseconds = 0
  public var connectMicroseconds = 0
  public init() {}
}

/// One dial: a short-lived multi and easy handle, driven by the worker's own epoll.
///
/// libcurl is called in dispatch (`onReady`, `onTimeout`) and its handles are freed in the settle.
/// Its callbacks only take notes, change epoll and judge addresses; none calls libcurl again.
final class Dial: Watcher {
  private let dialer: Dialer
  private let origin: Origin
  private let settings: PoolSettings
  /// Owned until it is told: nobody else may hold a connection that is being made.
  private var target: (any DialTarget)?
  private var multi: UnsafeMutableRawPointer?
  private var easy: UnsafeMutableRawPointer?
  private var sockets: [Int32: DialSocket] = [:]

  private var timer: Timeout?
  private var nameTimer: Timeout?
  /// libcurl wants to be called at once.
  private var isDue = false
  /// A socket was removed or an address refused: time to look for the next one.
  private var hasLostSocket = false
  private var hasRefusedAddress = false
  private var hasAskedForSocket = false
  private var socketErrno: Int32 = 0
  private var outcome: CURLcode?
  private var isNameLate = false
  private var isStarted = false

  init(_ dialer: Dialer, _ origin: Origin, _ settings: PoolSettings, _ target: any DialTarget) {
    self.dialer = dialer
    self.origin = origin
    self.settings = settings
    self.target = target
    super.init()
    timer = Timeout(owner: self, loop: dialer.loop)
    nameTimer = Timeout(owner: self, loop: dialer.loop)
  }

  /// Where it is: looking for addresses, or trying them.
  var phase: UpstreamFailure.Phase { hasAskedForSocket ? .connect : .dns }

  /// The requester has gone away: ends without a word.
  func cancel() {
    target = nil
    outcome = CURLE_ABORTED_BY_CALLBACK
    dialer.loop.mark(self)
  }

  // MARK: Setting up

  private func setOptions() {
    let itself = Unmanaged.passUnretained(self).toOpaque()
    _ = cs_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, itself)
    _ = cs_multi_set_pointer(multi, CURLMOPT_TIMERDATA, itself)
    _ = cs_multi_set_socket_function(multi, curlChangedSocket)
    _ = cs_multi_set_timer_function(multi, curlChangedTimer)
    _ = cs_easy_set_pointer(easy, CURLOPT_OPENSOCKETDATA, itself)
    _ = cs_easy_set_open_socket(easy, curlOpensSocket)
    _ = cs_easy_set_text(easy, CURLOPT_URL, "http://\(origin.authority)")
    _ = cs_easy_set_text(easy, CURLOPT_PROTOCOLS_STR, "http")
    _ = cs_easy_set_text(easy, CURLOPT_PROXY, settings.proxy ?? "")
    _ = cs_easy_set_long(easy, CURLOPT_HTTPPROXYTUNNEL, 1)
    _ = cs_easy_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    _ = cs_easy_set_long(easy, CURLOPT_CONNECT_ONLY, 1)
    _ = cs_easy_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, settings.connectMilliseconds)
    _ = cs_easy_set_long(easy, CURLOPT_DNS_CACHE_TIMEOUT, settings.nameCacheSeconds)
    _ = cs_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
    // Without it, removing a handle during a lookup blocks the loop until the lookup ends.
    _ = cs_easy_set_long(easy, CURLOPT_QUICK_EXIT, 1)
    _ = cs_easy_set_share(easy, dialer.share)
  }

  // MARK: Events

  override func onTimeout(_ timeout: Timeout) {
    if timeout === nameTimer {
      isNameLate = true
      outcome = CURLE_OPERATION_TIMEDOUT
      dialer.loop.mark(self)
    } else {
      act(CURL_SOCKET_BAD, 0)
    }
  }

  func onSocketReady(_ descriptor: Int32, _ readiness: Readiness) {
    var mask: Int32 = 0
    if readiness.contains(.readable) { mask |= CURL_CSELECT_IN }
    if readiness.contains(.writable) { mask |= CURL_CSELECT_OUT }
    if !readiness.isDisjoint(with: .failed) { mask |= CURL_CSELECT_ERR }
    act(descriptor, mask)
  }

  override func onSettle() {
    if !isStarted, outcome == nil {
      guard dialer.mayStartInThisTurn() else {
        dialer.loop.mark(self)
        return
      }
      start()
    }
    if outcome != nil { finish() }
  }

  private func start() {
    multi = curl_multi_init()
    easy = curl_easy_init()
    guard multi != nil, easy != nil else {
      outcome = CURLE_OUT_OF_MEMORY
      return
    }
    isStarted = true
    setOptions()
    let deadline = dialer.loop.nowNanoseconds + Int64(settings.nameMilliseconds) * 1_000_000
    nameTimer?.set(atNanoseconds: deadline)
    guard curl_multi_add_handle(multi, easy) == CURLM_OK else {
      outcome = CURLE_OUT_OF_MEMORY
      return
    }
    act(CURL_SOCKET_BAD, 0)
  }

  /// Lets libcurl act, and again while it asks to. Without the second look at all sockets, 7.88.1
  /// would start the next address of a family only at its next timer, 200 ms away.
  private func act(_ descriptor: Int32, _ mask: Int32) {
    if outcome != nil { return }
    var running: Int32 = 0
    var rounds = 0
    _ = curl_multi_socket_action(multi, descriptor, mask, &running)
    while hasLostSocket || isDue, rounds < Self.roundsMax {
      rounds += 1
      if hasLostSocket {
        hasLostSocket = false
        _ = cs_multi_socket_all(multi, &running)
      } else {
        isDue = false
        _ = curl_multi_socket_action(multi, CURL_SOCKET_BAD, 0, &running)
      }
    }
    var left: Int32 = 0
    if let message = curl_multi_info_read(multi, &left), message.pointee.msg == CURLMSG_DONE {
      outcome = cs_message_result(message)
      dialer.loop.mark(self)
    } else if isDue {
      timer?.set(atNanoseconds: dialer.loop.nowNanoseconds)
    }
  }

  /// More addresses than a name ever has: the bound of a loop that libcurl's timers would end.
  private static let roundsMax = 128

  // MARK: libcurl's callbacks

  fileprivate func onSocketChange(_ descriptor: Int32, _ what: Int32) {
    if what == CURL_POLL_REMOVE {
      hasLostSocket = true
      // At once, for the number of the descriptor is about to be used again.
      if let socket = sockets.removeValue(forKey: descriptor) {
        dialer.loop.forgetPerhapsClosed(socket, descriptor: descriptor)
      }
      return
    }
    var interest: Readiness = []
    if what == CURL_POLL_IN || what == CURL_POLL_INOUT { interest.insert(.readable) }
    if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { interest.insert(.writable) }
    if let socket = sockets[descriptor] {
      dialer.loop.changePerhapsClosed(socket, descriptor: descriptor, interest: interest)
    } else {
      let socket = DialSocket(self, descriptor)
      sockets[descriptor] = socket
      dialer.loop.watch(socket, descriptor: descriptor, interest: interest)
    }
  }

  fileprivate func onTimerChange(_ milliseconds: Int) {
    isDue = milliseconds == 0
    if milliseconds <= 0 {
      timer?.clear()
    } else {
      let wait = Int64(milliseconds) * 1_000_000
      timer?.set(atNanoseconds: dialer.loop.nowNanoseconds + wait)
    }
  }

  fileprivate func onOpenSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Int32 {
    if !hasAskedForSocket { target?.onNamed() }
    hasAskedForSocket = true
    nameTimer?.clear()
    if settings.proxy == nil, !isPermitted(address) {
      hasRefusedAddress = true
      hasLostSocket = true
      return CURL_SOCKET_BAD
    }
    let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.pointee.family, kind, address.pointee.protocol)
    if descriptor < 0 {
      socketErrno = errno
      return CURL_SOCKET_BAD
    }
    return descriptor
  }

  private func isPermitted(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
    var storage = sockaddr_storage()
    let count = min(Int(address.pointee.addrlen), MemoryLayout<sockaddr_storage>.size)
    memcpy(&storage, &address.pointee.addr, count)
    guard let resolved = SocketAddress(storage) else { return false }
    return settings.policy.permits(resolved)
  }

  // MARK: The end

  private func finish() {
    guard let code = outcome else { return }
    var times = DialTimes()
    let descriptor = code == CURLE_OK ? takeSocket(&times) : -1
    let failure = descriptor < 0 ? failure(code) : nil
    let told = target
    target = nil
    free()
    dialer.onEnded(self)
    if let failure { told?.onDialFailed(failure) } else { told?.onDialed(descriptor, times) }
  }

  /// A duplicate, because removing the handle closes libcurl's own.
  private func takeSocket(_ times: inout DialTimes) -> Int32 {
    var own: curl_socket_t = CURL_SOCKET_BAD
    guard cs_easy_active_socket(easy, &own) == CURLE_OK, own != CURL_SOCKET_BAD else { return -1 }
    var name: curl_off_t = 0
    var connect: curl_off_t = 0
    _ = cs_easy_time(easy, CURLINFO_NAMELOOKUP_TIME_T, &name)
    _ = cs_easy_time(easy, CURLINFO_CONNECT_TIME_T, &connect)
    times.nameMicroseconds = Int(name)
    times.connectMicroseconds = Int(max(0, connect - name))
    let descriptor = fcntl(own, F_DUPFD_CLOEXEC, 0)
    if descriptor < 0 { socketErrno = errno }
    return descriptor
  }

  private func failure(_ code: CURLcode) -> UpstreamFailure {
    switch socketErrno {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL:
      return UpstreamFailure(.resourcesExhausted, .connect)
    default: break
    }
    if isNameLate { return UpstreamFailure(.nameTimeout, .dns) }
    switch code {
    case CURLE_OUT_OF_MEMORY: return UpstreamFailure(.resourcesExhausted, .connect)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_URL_MALFORMAT:
      return UpstreamFailure(.nameNotFound, .dns)
    case CURLE_OPERATION_TIMEDOUT:
      if !hasAskedForSocket { return UpstreamFailure(.nameTimeout, .dns) }
      return UpstreamFailure(.connectTimeout, .connect)
    default:
      var number = 0
      _ = cs_easy_os_errno(easy, &number)
      if Int32(number) == EADDRNOTAVAIL { return UpstreamFailure(.resourcesExhausted, .connect) }
      return UpstreamFailure(hasRefusedAddress ? .addressRefused : .connectFailed, .connect)
    }
  }

  private func free() {
    for (descriptor, socket) in sockets {
      dialer.loop.forgetPerhapsClosed(socket, descriptor: descriptor)
    }
    sockets = [:]
    timer?.clear()
    nameTimer?.clear()
    if let multi, let easy, isStarted { curl_multi_remove_handle(multi, easy) }
    if let easy { curl_easy_cleanup(easy) }
    if let multi { curl_multi_cleanup(multi) }
    easy = nil
    multi = nil
  }
}

/// One of libcurl's sockets while it dials.
final class DialSocket: Watcher {
  private unowned let dial: Dial
  private let descriptor: Int32

  init(_ dial: Dial, _ descriptor: Int32) {
    self.dial = dial
    self.descriptor = descriptor
  }

  override func onReady(_ readiness: Readiness) { dial.onSocketReady(descriptor, readiness) }
}

// MARK: What libcurl calls (curl_multi_setopt(3), CURLOPT_OPENSOCKETFUNCTION(3))

private func dial(_ pointer: UnsafeMutableRawPointer?) -> Dial? {
  pointer.map { Unmanaged<Dial>.fromOpaque($0).takeUnretainedValue() }
}

private func curlChangedSocket(
  _ easy: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t, _ what: Int32,
  _ pointer: UnsafeMutableRawPointer?, _ socketPointer: UnsafeMutableRawPointer?
) -> Int32 {
  dial(pointer)?.onSocketChange(descriptor, what)
  return 0
}

private func curlChangedTimer(
  _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int32 {
  dial(pointer)?.onTimerChange(milliseconds)
  return 0
}

private func curlOpensSocket(
  _ pointer: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
  _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let dial = dial(pointer), let address else { return CURL_SOCKET_BAD }
  return dial.onOpenSocket(address)
}
