import EventLoop
import Glibc
import Wire

/// One thread of the generator: an event loop, its share of the connections, of the rate and of
/// the requests.
///
/// Decides what is sent when; `LoadConnection` does it. Used by its own thread only.
///
///     opening   all connections are opened; nothing is measured
///     running   first the warm-up, whose requests do not count, then what is measured
///     draining  nothing new is planned; what was planned is sent, and its answers are awaited
///     ended     the tally is with the board
final class GeneratorThread: Watcher {
  private enum Phase { case opening, running, draining, ended }

  let loop: EventLoop
  let plan: RunPlan
  let tally: ThreadTally
  let pool = BlockPool(kept: 16)
  let tlsContext: TLSContext?
  let sessions: [TLSSessionStore]

  private let index: Int
  private let board: RunBoard
  private let timer: TimerDescriptor
  private var phase = Phase.opening
  private var connections: [LoadConnection] = []
  /// Open and without a request, by origin.
  private var idle: [Ring<LoadConnection>]
  /// Without a connection yet, or any more, by origin.
  private var cold: [[LoadConnection]]
  /// Requests that have a connection; at the most `slots`.
  private var busy = 0
  private let slots: Int
  private var openingLeft = 0
  private var openedAny = false
  private var openingFault = ""

  /// Arrivals that found no free connection.
  private var waiting: Ring<Arrival>
  private var arrivals: ArrivalClock

  private var measuredFrom = Int64.max
  private var isWarmingUp = false
  private var endsAt = Int64.max
  private var nextTick: Int64 = 0
  private var timeAtStart = ThreadTime()

  init(index: Int, plan: RunPlan, board: RunBoard) throws {
    self.index = index
    self.plan = plan
    self.board = board
    loop = try EventLoop(handshakesPerTurn: 16)
    timer = try TimerDescriptor()
    tlsContext =
      plan.usesTLS ? try TLSContext(caFile: plan.caFile, verifiesPeer: plan.verifiesPeer) : nil
    sessions = plan.origins.map { _ in TLSSessionStore() }
    tally = ThreadTally(targets: plan.targets.count, isOpenLoop: plan.schedule != nil)
    let slots = max(1, plan.share(of: plan.connections, thread: index))
    self.slots = slots
    idle = plan.origins.map { _ in Ring(capacity: slots) }
    cold = plan.origins.map { _ in [] }
    let waitingMax = plan.schedule.map { RunLimits.waitingArrivals(peakRate: $0.peakRate) } ?? 0
    waiting = Ring(capacity: waitingMax / plan.threads)
    arrivals = ArrivalClock(plan: plan, thread: index)
    super.init()
    for origin in plan.origins.indices {
      for _ in 0..<slots {
        let connection = LoadConnection(thread: self, origin: origin)
        connections.append(connection)
        cold[origin].append(connection)
      }
    }
  }

  /// Runs until the plan is carried out.
  func run() {
    loop.watch(self, descriptor: timer.descriptor, interest: .readable)
    timer.set(atNanoseconds: 1)
    loop.run()
    board.finish(RunBoard.FinishedThread(index: index, tally: tally))
  }

  // MARK: Phases

  override func onReady(_ readiness: Readiness) {
    let now = Clock.monotonicNanoseconds()
    switch phase {
    case .opening: if nextTick == 0 { open(now) } else { giveUpOpening() }
    case .running: advance(now)
    case .draining: drain(now)
    case .ended: break
    }
    arm()
  }

  /// Where connections are kept, they are there before the clock starts.
  private var connectionsToOpen: Int { plan.keepsAlive ? slots : 0 }

  private func open(_ now: Int64) {
    if connectionsToOpen == 0 { return begin(now) }
    for origin in plan.origins.indices {
      for _ in 0..<max(1, connectionsToOpen / plan.origins.count) {
        guard let connection = cold[origin].popLast() else { break }
        openingLeft += 1
        connection.open()
      }
    }
    nextTick = now + RunLimits.openingNanoseconds
  }

  private func giveUpOpening() {
    for connection in connections where connection.isOpening {
      connection.fail("timeout: not connected")
    }
    nextTick = loop.nowNanoseconds + RunLimits.openingNanoseconds
  }

  /// A connection that was opened for later use is open, or could not be (`fault`).
  func onOpened(_ connection: LoadConnection, fault: String?) {
    if let fault {
      cold[connection.origin].append(connection)
      openingFault = fault
    } else {
      openedAny = true
      idle[connection.origin].append(connection)
    }
    openingLeft -= 1
    if openingLeft > 0 { return }
    if !openedAny {
      board.fail(openingFault)
      return finish(Clock.monotonicNanoseconds())
    }
    begin(Clock.monotonicNanoseconds())
    arm()
  }

  private func begin(_ now: Int64) {
    phase = .running
    measuredFrom = now + plan.warmUpNanoseconds
    endsAt = measuredFrom.addingReportingOverflow(plan.durationNanoseconds).partialValue
    if endsAt < measuredFrom { endsAt = Int64.max }
    isWarmingUp = plan.warmUpNanoseconds > 0
    timeAtStart = ThreadTime.now()
    nextTick = now + RunLimits.tickNanoseconds
    arrivals.begin(at: now, measuredFrom: measuredFrom)
    if plan.schedule == nil {
      while busy < slots, let arrival = nextOfClosedLoop() { dispatch(arrival, isLate: true) }
    }
    advance(now)
  }

  private func advance(_ now: Int64) {
    arrive(now)
    tick(now)
    if now >= endsAt || arrivals.isExhausted { startDraining(now) }
  }

  private func startDraining(_ now: Int64) {
    if phase != .running { return }
    phase = .draining
    if now >= endsAt { endLoad(now) }
    if now >= endsAt, plan.countsEvents {
      for connection in connections { connection.cutStream() }
    }
    endsAt = min(endsAt, now)
    drain(now)
  }

  private func drain(_ now: Int64) {
    tick(now)
    if busy == 0, waiting.isEmpty { return finish(now) }
    let patience = board.mustStop ? RunLimits.tickNanoseconds : plan.timeoutNanoseconds
    if now < endsAt.addingReportingOverflow(patience + RunLimits.tickNanoseconds).partialValue {
      return
    }
    let inFlight = connections.count { $0.hasRequest && $0.arrival.isCounted }
    let left = inFlight + waiting.count(where: \.isCounted)
    if board.mustStop { tally.interrupted += left } else { tally.unanswered += left }
    finish(now)
  }

  private func finish(_ now: Int64) {
    if phase == .ended { return }
    phase = .ended
    if tally.load == nil { endLoad(now) }
    tally.durationNanoseconds = max(
      tally.load?.nanoseconds ?? 0, tally.lastAnswerNanoseconds - measuredFrom)
    tally.cpuNanoseconds = (ThreadTime.now() - timeAtStart).cpu
    report(now)
    timer.clear()
    loop.stop()
  }

  private func endLoad(_ now: Int64) {
    tally.onLoadEnd(
      afterNanoseconds: max(0, now - measuredFrom), ThreadTime.now() - timeAtStart)
  }

  // MARK: What is due

  private func arrive(_ now: Int64) {
    while let arrival = arrivals.next(dueAt: now, before: endsAt) {
      if arrival.isCounted { tally.arrivals += 1 }
      if busy < slots {
        dispatch(arrival, isLate: false)
      } else if waiting.isFull {
        tally.arrivalsDropped += 1
      } else {
        waiting.append(arrival)
      }
    }
  }

  private func tick(_ now: Int64) {
    if board.mustStop, endsAt > now { endsAt = now }
    if now < nextTick, !isWarmingUp || now < measuredFrom { return }
    nextTick = now + RunLimits.tickNanoseconds
    report(now)
  }

  private func report(_ now: Int64) {
    if isWarmingUp {
      if now < measuredFrom { return }
      isWarmingUp = false
      timeAtStart = ThreadTime.now()
    }
    let middle = now - measuredFrom - RunLimits.tickNanoseconds / 2
    board.add(tally.takeInterval(), second: Int(max(0, middle) / 1_000_000_000), thread: index)
  }

  private func arm() {
    if phase == .ended { return }
    var due = isWarmingUp ? min(nextTick, measuredFrom) : nextTick
    if phase == .running { due = min(due, endsAt, arrivals.nextNanoseconds) }
    timer.set(atNanoseconds: due)
  }

  // MARK: Requests and connections

  /// The request that its connection has answered or failed is over. `isOpen`: it can take another.
  func onFree(_ connection: LoadConnection, isOpen: Bool) {
    if let next = nextArrival() {
      if isOpen, plan.requests[next.request].origin == connection.origin {
        return connection.begin(next, isLate: true)
      }
      release(connection, isOpen: isOpen)
      dispatch(next, isLate: true)
    } else {
      release(connection, isOpen: isOpen)
      if busy == 0 { onQuiet() }
    }
  }

  /// An idle connection has ended.
  func onIdleLost(_ connection: LoadConnection) {
    idle[connection.origin].removeOne { $0 === connection }
    cold[connection.origin].append(connection)
  }

  private func release(_ connection: LoadConnection, isOpen: Bool) {
    busy -= 1
    if isOpen {
      idle[connection.origin].append(connection)
    } else {
      cold[connection.origin].append(connection)
    }
  }

  private func nextArrival() -> Arrival? { waiting.popFirst() ?? nextOfClosedLoop() }

  private func nextOfClosedLoop() -> Arrival? {
    if plan.schedule != nil || phase != .running || loop.nowNanoseconds >= endsAt { return nil }
    return arrivals.nextOfClosedLoop(isCounted: !isWarmingUp)
  }

  /// `isLate`: it did not leave when it was planned for reasons that are not the generator's.
  private func dispatch(_ arrival: Arrival, isLate: Bool) {
    let origin = plan.requests[arrival.request].origin
    guard let connection = idle[origin].popFirst() ?? cold[origin].popLast() else {
      preconditionFailure("as many connections to each origin as may be busy")
    }
    busy += 1
    connection.begin(arrival, isLate: isLate)
  }

  /// Nothing is in flight: where nothing more will come, the timer's next call would be too late.
  private func onQuiet() {
    let isOver = phase == .draining || phase == .running && arrivals.isExhausted
    if isOver { timer.set(atNanoseconds: 1) }
  }
}
