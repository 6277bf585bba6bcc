import CSystem
import Glibc

/// One epoll, one thread: waits, dispatches, expires, settles; again and again.
///
///     wait      epoll_wait; read the clock once
///     dispatch  each ready watcher: read, move its state, append to buffers, mark itself
///     expire    due timeouts: mark only
///     settle    the marked watchers: write, change interest, close and free
///
/// What a settle marks waits for the next turn, which then does not sleep. Nothing is freed while
/// an event of the same batch may point at it, because only the settle closes.
/// Used by its own thread only, but for `remoteTasks`.
public final class EventLoop {
  /// Monotonic time of this turn.
  public private(set) var nowNanoseconds: Int64
  /// Wall-clock time of this turn, since 1970.
  public private(set) var wallNanoseconds: Int64
  /// Turns since the start.
  public private(set) var turns = 0

  /// Bytes of bodies that this turn may still move; see `share`.
  private var bytesLeft = 0
  private let bytesPerTurn: Int

  /// How long this turn has been at work; reads the clock.
  public func sinceTurnBegan() -> Int64 { Clock.monotonicNanoseconds() &- nowNanoseconds }

  let wheel: TimeoutWheel
  private let poller: Int32
  private var events: UnsafeMutableBufferPointer<epoll_event>
  /// The watchers by descriptor, each retained while it is here.
  private var watchers: UnsafeMutableBufferPointer<Unmanaged<Watcher>?>
  private var marked: [Watcher] = []
  private var settling: [Watcher] = []
  private var readyAgain: [Watcher] = []
  private var dispatching: [Watcher] = []
  private var handshakes: [Watcher] = []
  private var nextHandshake = 0
  private let handshakesPerTurn: Int
  private let remote: RemoteTasks
  private var isStopped = false
  private weak var turnEnd: (any TurnEndHandler)?

  private static let eventsPerTurn = 512

  /// Errors: `SystemFault` where the kernel gives no epoll or eventfd descriptor.
  /// `bytesPerTurn`: how much of bodies a turn moves before everyone gets small shares only.
  public init(
    handshakesPerTurn: Int = 4, bytesPerTurn: Int = 4 << 20
  ) throws(SystemFault) {
    self.handshakesPerTurn = handshakesPerTurn
    self.bytesPerTurn = bytesPerTurn
    nowNanoseconds = Clock.monotonicNanoseconds()
    wallNanoseconds = Clock.wallNanoseconds()
    wheel = TimeoutWheel(nowNanoseconds: nowNanoseconds)
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poller >= 0 else { throw SystemFault(call: "epoll_create1", number: errno) }
    remote = try RemoteTasks()
    events = .allocate(capacity: Self.eventsPerTurn)
    watchers = .allocate(capacity: 1024)
    watchers.initialize(repeating: nil)
    watch(remote, descriptor: remote.descriptor, interest: .readable)
  }

  deinit {
    for watcher in watchers { watcher?.release() }
    watchers.deallocate()
    events.deallocate()
    close(poller)
  }

  // MARK: The turn

  /// Takes turns until `stop` is called.
  public func run() {
    while !isStopped { turn() }
  }

  /// Ends `run` after the turn in which it is called.
  public func stop() { isStopped = true }

  /// How another thread gets something done here.
  public var remoteTasks: RemoteTasks { remote }

  /// Told at the end of each turn; not retained.
  public func setTurnEndHandler(_ handler: any TurnEndHandler) { turnEnd = handler }

  private func turn() {
    let count = epoll_wait(poller, events.baseAddress, Int32(events.count), waitMilliseconds())
    nowNanoseconds = Clock.monotonicNanoseconds()
    wallNanoseconds = Clock.wallNanoseconds()
    turns &+= 1
    bytesLeft = bytesPerTurn
    if count > 0 { dispatch(Int(count)) }
    dispatchReadyAgain()
    takeHandshakes()
    wheel.expire(nowNanoseconds: nowNanoseconds)
    settle()
    turnEnd?.onTurnEnd()
  }

  private func waitMilliseconds() -> Int32 {
    if !marked.isEmpty || !readyAgain.isEmpty || nextHandshake < handshakes.count { return 0 }
    return wheel.waitMilliseconds(nowNanoseconds: nowNanoseconds) ?? -1
  }

  private func dispatch(_ count: Int) {
    var index = 0
    while index < count {
      let event = events[index]
      let descriptor = Int(event.data.fd)
      // A watcher may be gone: libcurl closes sockets in the middle of a batch.
      if let watcher = watchers[descriptor]?.takeUnretainedValue() {
        watcher.onReady(Readiness(rawValue: event.events))
      }
      index &+= 1
    }
  }

  private func dispatchReadyAgain() {
    if readyAgain.isEmpty { return }
    swap(&readyAgain, &dispatching)
    for watcher in dispatching { watcher.onReady(.readable) }
    dispatching.removeAll(keepingCapacity: true)
  }

  private func settle() {
    swap(&marked, &settling)
    for watcher in settling {
      watcher.isMarked = false
      watcher.onSettle()
    }
    settling.removeAll(keepingCapacity: true)
  }

  /// Puts the watcher on the list of the next settle, once.
  public func mark(_ watcher: Watcher) {
    if watcher.isMarked { return }
    watcher.isMarked = true
    marked.append(watcher)
  }

  /// Calls `onReady(.readable)` in the next turn, for input that epoll does not know of.
  public func readyAgain(_ watcher: Watcher) { readyAgain.append(watcher) }

  // MARK: The budget of bytes

  /// How many bytes of a body may be moved now, of `wanted`: one connection that could move
  /// gigabytes must not keep the others waiting. Behind the turn's budget everyone still gets
  /// `leastShareBytes`, so that nobody starves either.
  public func share(of wanted: Int) -> Int { min(wanted, max(bytesLeft, Self.leastShareBytes)) }

  /// So many bytes of a body were moved.
  public func spend(_ bytes: Int) { bytesLeft = max(0, bytesLeft - bytes) }

  private static let leastShareBytes = 16 * 1024

  // MARK: TLS handshakes, rationed

  /// Calls `onHandshakeTurn` in this or one of the next turns. A client's handshake costs about
  /// 1 ms of CPU, so a turn takes a few and serves everyone else in between.
  public func queueHandshake(_ watcher: Watcher) {
    if watcher.isQueuedForHandshake { return }
    watcher.isQueuedForHandshake = true
    handshakes.append(watcher)
  }

  private func takeHandshakes() {
    var taken = 0
    while nextHandshake < handshakes.count, taken < handshakesPerTurn {
      let watcher = handshakes[nextHandshake]
      nextHandshake += 1
      taken += 1
      watcher.isQueuedForHandshake = false
      watcher.onHandshakeTurn()
    }
    // Those that are done go in bulk: under load the queue may never be empty.
    if nextHandshake > 0, nextHandshake * 2 >= handshakes.count {
      handshakes.removeFirst(nextHandshake)
      nextHandshake = 0
    }
  }

  // MARK: Descriptors

  /// Watches a descriptor. Errors of epoll_ctl but ENOMEM and ENOSPC are bugs and trap.
  /// Returns false where the kernel has no room for one more.
  @discardableResult
  public func watch(_ watcher: Watcher, descriptor: Int32, interest: Readiness) -> Bool {
    if Int(descriptor) >= watchers.count { growWatchers(to: Int(descriptor)) }
    // Only libcurl's sockets can be closed under their watcher, whose part it then is to see it.
    if watchers[Int(descriptor)] != nil { dropWatcher(descriptor) }
    guard control(EPOLL_CTL_ADD, descriptor, interest) else { return false }
    watchers[Int(descriptor)] = Unmanaged.passRetained(watcher)
    return true
  }

  /// Changes what a watched descriptor is watched for.
  public func change(descriptor: Int32, interest: Readiness) {
    let isChanged = control(EPOLL_CTL_MOD, descriptor, interest)
    precondition(isChanged, "epoll_ctl(MOD) failed")
  }

  /// Stops watching. The caller closes the descriptor afterwards.
  public func forget(descriptor: Int32) {
    var event = epoll_event()
    let result = epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, &event)
    precondition(result == 0, "epoll_ctl(DEL) failed")
    dropWatcher(descriptor)
  }

  // libcurl closes the loser of a race between addresses before it says so (measured with 7.88.1).
  // By then the number may be another's: these two are for its sockets, and look whose it is.

  /// As `change`, and watches anew what has been closed and opened under the same number.
  public func changePerhapsClosed(_ watcher: Watcher, descriptor: Int32, interest: Readiness) {
    guard isWatched(descriptor, by: watcher) else { return }
    if control(EPOLL_CTL_MOD, descriptor, interest, tolerated: ENOENT) { return }
    control(EPOLL_CTL_ADD, descriptor, interest, tolerated: EBADF)
  }

  /// As `forget`, where it is still the watcher's.
  public func forgetPerhapsClosed(_ watcher: Watcher, descriptor: Int32) {
    guard isWatched(descriptor, by: watcher) else { return }
    var event = epoll_event()
    let result = epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, &event)
    precondition(result == 0 || errno == EBADF || errno == ENOENT, "epoll_ctl(DEL) failed")
    dropWatcher(descriptor)
  }

  private func isWatched(_ descriptor: Int32, by watcher: Watcher) -> Bool {
    watchers[Int(descriptor)].map { $0.takeUnretainedValue() === watcher } ?? false
  }

  private func dropWatcher(_ descriptor: Int32) {
    watchers[Int(descriptor)]?.release()
    watchers[Int(descriptor)] = nil
  }

  @discardableResult
  private func control(
    _ operation: Int32, _ descriptor: Int32, _ interest: Readiness, tolerated: Int32 = ENOSPC
  ) -> Bool {
    var event = epoll_event()
    event.events = interest.rawValue
    event.data.fd = descriptor
    if epoll_ctl(poller, operation, descriptor, &event) == 0 { return true }
    let isExpected = errno == ENOMEM || errno == ENOSPC || errno == tolerated
    precondition(isExpected, "epoll_ctl failed")
    return false
  }

  private func growWatchers(to descriptor: Int) {
    let grown = UnsafeMutableBufferPointer<Unmanaged<Watcher>?>.allocate(
      capacity: max(watchers.count * 2, descriptor + 1))
    grown.initialize(repeating: nil)
    for index in 0..<watchers.count { grown[index] = watchers[index] }
    watchers.deallocate()
    watchers = grown
  }
}
