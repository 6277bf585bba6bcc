import Testing

@testable import EventLoop

/// The wheel under a clock of the test's own: no test here waits for real time.
@Suite struct TimeoutWheelTests {
  private let loop: EventLoop
  private let probe = Probe()
  private let start: Int64

  init() throws {
    loop = try EventLoop()
    start = loop.nowNanoseconds
  }

  private func timeout(inMilliseconds delay: Int64) -> Timeout {
    let timeout = Timeout(owner: probe, loop: loop)
    timeout.set(atNanoseconds: start + milliseconds(delay))
    return timeout
  }

  private func advance(toMilliseconds now: Int64) {
    loop.wheel.expire(nowNanoseconds: start + milliseconds(now))
  }

  @Test(arguments: [0, 1, 4, 5, 100, 4_000, 4_290, 4_295, 4_300, 8_600, 60_000, 3_600_000])
  func `never fires early, and late by two ticks at the most`(delay: Int64) {
    let timeout = timeout(inMilliseconds: delay)
    var now: Int64 = 0
    while now < delay {
      advance(toMilliseconds: now)
      #expect(probe.expired.isEmpty, "early, at \(now) ms")
      now = min(delay, now + max(1, delay / 5_000))
    }
    advance(toMilliseconds: delay + 9)
    #expect(probe.expired.count == 1)
    #expect(!timeout.isSet)
    #expect(timeout.slot == -1)
  }

  @Test(arguments: [0, 1, 100, 4_290, 4_300, 8_600, 60_000, 3_600_000])
  func `a loop that sleeps as the wheel says wakes neither early for good nor late`(delay: Int64) {
    let timeout = timeout(inMilliseconds: delay)
    var now = start
    var wakes = 0
    while timeout.isSet, wakes < 2_000 {
      guard let wait = loop.wheel.waitMilliseconds(nowNanoseconds: now) else { break }
      now += max(1, milliseconds(Int64(wait)))
      loop.wheel.expire(nowNanoseconds: now)
      wakes += 1
    }
    #expect(probe.expired.count == 1)
    #expect(now >= start + milliseconds(delay))
    #expect(now <= start + milliseconds(delay + 10))
    // One wake a turn of the ring, and one for the last part.
    #expect(Int64(wakes) <= delay / 4_000 + 3)
  }

  @Test func `a sleep longer than the ring misses nobody`() {
    let timeouts = [3, 900, 4_200, 9_000, 50_000].map { timeout(inMilliseconds: $0) }
    advance(toMilliseconds: 20_000)
    #expect(probe.expired.count == 4)
    #expect(timeouts[4].isSet)
    advance(toMilliseconds: 60_000)
    #expect(probe.expired.count == 5)
  }

  @Test func `a deadline moved later fires at the later one alone`() {
    let timeout = timeout(inMilliseconds: 100)
    timeout.set(atNanoseconds: start + milliseconds(500))
    advance(toMilliseconds: 499)
    #expect(probe.expired.isEmpty)
    advance(toMilliseconds: 509)
    #expect(probe.expired.count == 1)
  }

  @Test(arguments: [500, 100_000])
  func `a deadline moved earlier fires at the earlier one`(first: Int64) {
    let timeout = timeout(inMilliseconds: first)
    timeout.set(atNanoseconds: start + milliseconds(100))
    advance(toMilliseconds: 99)
    #expect(probe.expired.isEmpty)
    advance(toMilliseconds: 109)
    #expect(probe.expired.count == 1)
    advance(toMilliseconds: first + 10)
    #expect(probe.expired.count == 1)
  }

  @Test func `an owner may clear and move others of the same slot`() {
    let timeouts = (0..<4).map { _ in timeout(inMilliseconds: 50) }
    probe.reactToTimeout = { fired in
      for other in timeouts where other !== fired && other.isSet {
        other.set(atNanoseconds: start + milliseconds(200))
      }
    }
    advance(toMilliseconds: 60)
    #expect(probe.expired.count == 1)
    probe.reactToTimeout = { _ in for other in timeouts { other.clear() } }
    advance(toMilliseconds: 210)
    #expect(probe.expired.count == 2)
    advance(toMilliseconds: 10_000)
    #expect(probe.expired.count == 2)
    #expect(loop.wheel.waitMilliseconds(nowNanoseconds: start + milliseconds(10_000)) == nil)
  }

  @Test func `a million refreshes relink once a turn of the ring, not once a refresh`() {
    let timeout = timeout(inMilliseconds: 60_000)
    let refreshes: Int64 = 1_000_000
    var slot = timeout.slot
    var links = 0
    for now in 1...refreshes {
      timeout.set(atNanoseconds: start + milliseconds(now + 60_000))
      if now % 4 == 0 { advance(toMilliseconds: now) }
      if timeout.slot != slot {
        slot = timeout.slot
        links += 1
      }
    }
    #expect(probe.expired.isEmpty)
    // 1000 s of refreshes are 233 turns of a ring of 4.3 s.
    #expect((230...236).contains(links))
  }

  @Test func `thousands at random fire each at its time`() {
    var random = TestRandom(for: "TimeoutWheel.thousandsAtRandom")
    var timeouts: [Timeout] = []
    var due: [Int64] = []
    for _ in 0..<3_000 {
      let delay = Int64(random.below(12_000))
      timeouts.append(timeout(inMilliseconds: delay))
      due.append(delay)
    }
    var now: Int64 = 0
    while now < 12_020 {
      now += Int64(1 + random.below(40))
      for _ in 0..<20 {
        let index = random.below(timeouts.count)
        guard timeouts[index].isSet else { continue }
        due[index] = now + Int64(random.below(6_000))
        timeouts[index].set(atNanoseconds: start + milliseconds(due[index]))
      }
      advance(toMilliseconds: now)
      for index in timeouts.indices {
        let isOnTime = timeouts[index].isSet ? due[index] >= now - 9 : due[index] <= now
        #expect(isOnTime)
      }
    }
  }
}
