import Testing

@testable import PenstockBench

@Suite struct RateScheduleTests {
  @Test func `one rate plans evenly`() throws {
    let schedule = try RateSchedule(parsing: "2k")
    #expect(schedule.plannedNanoseconds(of: 0) == 0)
    #expect(schedule.plannedNanoseconds(of: 1) == 500_000)
    #expect(schedule.plannedNanoseconds(of: 7_200_000) == 3_600_000_000_000)
    #expect(schedule.count(before: 1_000_000_000) == 2000)
  }

  @Test func `a ramp plans what its area says, and goes on at its last rate`() throws {
    for text in ["100..5000/60s", "5000..100/60s", "1..1000/1s"] {
      let schedule = try RateSchedule(parsing: text)
      let seconds = Double(schedule.rampNanoseconds) / 1e9
      let area = Int((schedule.firstRate + schedule.lastRate) / 2 * seconds)
      #expect(abs(schedule.count(before: schedule.rampNanoseconds) - area) <= 1, "\(text)")
      let later = schedule.rampNanoseconds + 10_000_000_000
      let last = schedule.count(before: later) - schedule.count(before: schedule.rampNanoseconds)
      #expect(abs(last - Int(schedule.lastRate * 10)) <= 1, "\(text)")
    }
  }

  @Test func `a ramp's times only rise, and its gaps are those of its rates`() throws {
    let schedule = try RateSchedule(parsing: "100..5000/10s")
    var before: Int64 = -1
    for number in 0..<30_000 {
      let planned = schedule.plannedNanoseconds(of: number)
      #expect(planned > before)
      before = planned
    }
    let gap = schedule.plannedNanoseconds(of: 1)
    #expect((9_500_000...10_000_000).contains(gap), "\(gap)")
  }

  @Test func `rates that are none are refused`() {
    for text in ["0", "-1", "x", "100..", "100..200", "100..200/", "..5/1s", "1..2/0s", "1e3"] {
      #expect(throws: RunFault.self, "\(text)") { try RateSchedule(parsing: text) }
    }
  }

  @Test func `threads share a schedule out among them`() {
    var plan = RunPlan(origins: [], requests: [], mix: Mix(weights: [1]), targets: [])
    plan.threads = 3
    plan.schedule = RateSchedule(rate: 1000)
    var planned: [Int64] = []
    for thread in 0..<3 {
      var clock = ArrivalClock(plan: plan, thread: thread)
      clock.begin(at: 5, measuredFrom: 5)
      while let arrival = clock.next(dueAt: .max, before: 5 + 100_000_000) {
        planned.append(arrival.plannedNanoseconds - 5)
      }
    }
    #expect(planned.sorted() == (0..<100).map { $0 * 1_000_000 })
  }

  @Test func `the warm-up does not count, and the schedule begins behind it`() {
    var plan = RunPlan(origins: [], requests: [], mix: Mix(weights: [1]), targets: [])
    plan.schedule = RateSchedule(firstRate: 100, lastRate: 200, rampNanoseconds: 1_000_000_000)
    plan.requestsMax = 50
    var clock = ArrivalClock(plan: plan, thread: 0)
    clock.begin(at: 0, measuredFrom: 1_000_000_000)
    var counted: [Int64] = []
    var warming = 0
    while let arrival = clock.next(dueAt: .max, before: .max) {
      if arrival.isCounted {
        counted.append(arrival.plannedNanoseconds)
      } else {
        warming += 1
        #expect(arrival.plannedNanoseconds < 1_000_000_000)
      }
    }
    #expect(warming == 100)
    #expect(counted.count == 50 && counted.first == 1_000_000_000)
  }

  @Test func `kinds take turns by their weights, evenly`() {
    let mix = Mix(weights: [4, 2, 2])
    #expect((0..<8).map { mix[$0] } == [0, 1, 2, 0, 0, 1, 2, 0])
  }
}
