/// Which request is next, and in an open loop when: one thread's share of the schedule.
///
/// Of all requests of the run a thread has every `threads`-th, so that together they follow the
/// schedule exactly.
struct ArrivalClock {
  private let schedule: RateSchedule?
  private let mix: Mix
  private let threads: Int
  private let firstNumber: Int
  private let requestsMax: Int
  private var number: Int
  /// Requests handed out that count.
  private var handedOut = 0
  /// The warm-up is at the schedule's first rate; the schedule itself begins behind it.
  private var isWarmingUp = false
  private var startNanoseconds: Int64 = 0
  private var measuredFrom: Int64 = 0
  /// When the next one is planned; never in a closed loop.
  private(set) var nextNanoseconds = Int64.max

  init(plan: RunPlan, thread: Int) {
    schedule = plan.schedule
    mix = plan.mix
    threads = plan.threads
    firstNumber = thread
    number = thread
    requestsMax = plan.requestsMax.map { plan.share(of: $0, thread: thread) } ?? Int.max
  }

  /// True once the run's number of requests is handed out.
  var isExhausted: Bool { handedOut >= requestsMax }

  mutating func begin(at now: Int64, measuredFrom measured: Int64) {
    startNanoseconds = now
    measuredFrom = measured
    isWarmingUp = measured > now
    plan()
  }

  /// The next one of an open loop, where it is due by `now` and planned before `end`.
  mutating func next(dueAt now: Int64, before end: Int64) -> Arrival? {
    guard nextNanoseconds <= now, nextNanoseconds < end, !isExhausted else { return nil }
    let arrival = Arrival(
      plannedNanoseconds: nextNanoseconds, request: mix[number], isCounted: !isWarmingUp)
    if !isWarmingUp { handedOut += 1 }
    number += threads
    plan()
    return arrival
  }

  /// The next one of a closed loop.
  mutating func nextOfClosedLoop(isCounted: Bool) -> Arrival? {
    if isExhausted { return nil }
    if isCounted { handedOut += 1 }
    let arrival = Arrival(plannedNanoseconds: 0, request: mix[number], isCounted: isCounted)
    number += threads
    return arrival
  }

  private mutating func plan() {
    guard let schedule else { return }
    if isExhausted {
      nextNanoseconds = Int64.max
      return
    }
    if isWarmingUp {
      let warming = RateSchedule(rate: schedule.firstRate)
      nextNanoseconds = startNanoseconds + warming.plannedNanoseconds(of: number)
      if nextNanoseconds < measuredFrom { return }
      isWarmingUp = false
      number = firstNumber
    }
    nextNanoseconds = measuredFrom + schedule.plannedNanoseconds(of: number)
  }
}
