import Testing

@testable import EventLoop

/// Timeouts on a loop that really runs; the wheel's own arithmetic is in `TimeoutWheelTests`.
@Suite struct TimeoutTests {
  @Test func `fires at or after its deadline, once, and not before`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    let deadline = loop.nowNanoseconds + milliseconds(20)
    let timeout = Timeout(owner: probe, loop: loop)
    timeout.set(atNanoseconds: deadline)
    #expect(timeout.isSet)
    probe.reactToTimeout = { _ in
      #expect(loop.nowNanoseconds >= deadline)
      loop.stop()
    }
    loop.run()
    #expect(probe.expired.count == 1)
    #expect(!timeout.isSet)
  }

  @Test func `several fire in the order of their deadlines, however they were set`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    let start = loop.nowNanoseconds
    let delays: [Int64] = [50, 10, 70, 30, 90]
    let timeouts = delays.map { delay in
      let timeout = Timeout(owner: probe, loop: loop)
      timeout.set(atNanoseconds: start + milliseconds(delay))
      return timeout
    }
    probe.reactToTimeout = { _ in if probe.expired.count == delays.count { loop.stop() } }
    loop.run()
    let order = probe.expired.compactMap { fired in timeouts.firstIndex { $0 === fired } }
    #expect(order.map { delays[$0] } == delays.sorted())
  }

  @Test func `a cleared timeout never fires, and a set one outlives another's clear`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    let cleared = Timeout(owner: probe, loop: loop)
    let last = Timeout(owner: probe, loop: loop)
    cleared.set(atNanoseconds: loop.nowNanoseconds + milliseconds(5))
    last.set(atNanoseconds: loop.nowNanoseconds + milliseconds(30))
    cleared.clear()
    #expect(!cleared.isSet)
    probe.reactToTimeout = { _ in loop.stop() }
    loop.run()
    #expect(probe.expired.count == 1)
    #expect(probe.expired.first === last)
  }

  @Test func `a timeout that goes away while it is set is forgotten`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    for _ in 0..<10 {
      let doomed = Timeout(owner: probe, loop: loop)
      doomed.set(atNanoseconds: loop.nowNanoseconds + milliseconds(5))
    }
    let last = Timeout(owner: probe, loop: loop)
    last.set(atNanoseconds: loop.nowNanoseconds + milliseconds(20))
    probe.reactToTimeout = { _ in loop.stop() }
    loop.run()
    #expect(probe.expired.count == 1)
    #expect(probe.expired.first === last)
  }

  @Test func `an owner may set the same timeout again from within its call`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    let timeout = Timeout(owner: probe, loop: loop)
    timeout.set(atNanoseconds: loop.nowNanoseconds)
    probe.reactToTimeout = { timeout in
      if probe.expired.count == 3 { return loop.stop() }
      timeout.set(atNanoseconds: loop.nowNanoseconds + milliseconds(1))
    }
    loop.run()
    #expect(probe.expired.count == 3)
  }
}
