import Glibc
import Testing

@testable import EventLoop

@Suite struct TurnTests {
  @Test func `a task posted from another thread runs on the loop's thread, once each`() throws {
    let loop = try EventLoop()
    let remote = loop.remoteTasks
    let handle = LoopHandle(loop)
    var thread = pthread_t()
    let poster = Unmanaged.passRetained(Poster(remote, handle)).toOpaque()
    pthread_create(
      &thread, nil,
      { poster in
        guard let poster else { return nil }
        Unmanaged<Poster>.fromOpaque(poster).takeRetainedValue().post()
        return nil
      }, poster)
    loop.run()
    pthread_join(thread, nil)
    #expect(handle.ran == Array(0..<100))
    #expect(handle.threads.allSatisfy { pthread_equal($0, pthread_self()) != 0 })
  }

  @Test func `a task posted before the loop runs is not lost`() throws {
    let loop = try EventLoop()
    let handle = LoopHandle(loop)
    loop.remoteTasks.post { handle.stop() }
    loop.run()
    #expect(loop.turns == 1)
  }

  @Test func `readyAgain is heard in the next turn, which does not sleep`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    var turns: [Int] = []
    probe.reactToReady = {
      turns.append(loop.turns)
      if turns.count < 3 { loop.readyAgain(probe) }
    }
    loop.readyAgain(probe)
    loop.run(turns: 3)
    #expect(turns == [1, 2, 3])
    #expect(probe.ready == [.readable, .readable, .readable])
  }

  @Test func `a watcher marked twice settles once`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    loop.mark(probe)
    loop.mark(probe)
    loop.run(turns: 1)
    #expect(probe.settles == 1)
  }

  @Test func `what settle marks is settled in the next turn, which does not sleep`() throws {
    let loop = try EventLoop()
    let first = Probe()
    let second = Probe()
    var turns: [Int] = []
    first.reactToSettle = {
      loop.mark(second)
      if first.settles == 1 { loop.mark(first) }
    }
    second.reactToSettle = { turns.append(loop.turns) }
    loop.mark(first)
    loop.run(turns: 3)
    #expect(first.settles == 2)
    #expect(turns == [2, 3])
  }

  @Test func `an expired timeout settles its owner in the same turn`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    let timeout = Timeout(owner: probe, loop: loop)
    var expiredIn = 0
    probe.reactToTimeout = { _ in
      expiredIn = loop.turns
      loop.mark(probe)
    }
    probe.reactToSettle = {
      #expect(loop.turns == expiredIn)
      loop.stop()
    }
    timeout.set(atNanoseconds: loop.nowNanoseconds + milliseconds(1))
    loop.run()
    #expect(probe.settles == 1)
  }

  @Test func `a watched descriptor is told of, until it is forgotten`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    let (ours, theirs) = socketPair()
    defer {
      close(ours)
      close(theirs)
    }
    loop.watch(probe, descriptor: ours, interest: .readable)
    _ = send(theirs, "x", 1, 0)
    loop.run(turns: 1)
    #expect(probe.ready.count == 1)
    #expect(probe.ready.first?.contains(.readable) == true)
  }

  @Test func `a change of interest is heard at once, and a forgotten descriptor never`() throws {
    let loop = try EventLoop()
    let probe = Probe()
    let (ours, theirs) = socketPair()
    defer {
      close(ours)
      close(theirs)
    }
    loop.watch(probe, descriptor: ours, interest: .readable)
    loop.change(descriptor: ours, interest: .writable)
    probe.reactToReady = { loop.mark(probe) }
    probe.reactToSettle = {
      loop.forget(descriptor: ours)
      loop.readyAgain(Probe())  // so that the next turn does not sleep
    }
    loop.run(turns: 2)
    #expect(probe.ready == [.writable])
  }

  @Test func `no more handshakes a turn than the ration, and all of them in the end`() throws {
    let loop = try EventLoop(handshakesPerTurn: 2)
    let watchers = (0..<5).map { _ in Handshaker() }
    for watcher in watchers {
      watcher.loop = loop
      loop.queueHandshake(watcher)
      loop.queueHandshake(watcher)
    }
    loop.run(turns: 3)
    #expect(watchers.map(\.turns) == [[1], [1], [2], [2], [3]])
  }

  @Test func `a handshake queue that never empties forgets those that are done`() throws {
    let loop = try EventLoop(handshakesPerTurn: 2)
    weak var first: Handshaker?
    do {
      let watcher = Handshaker()
      first = watcher
      loop.queueHandshake(watcher)
    }
    let others = (0..<1_000).map { _ in Handshaker() }
    for watcher in others { loop.queueHandshake(watcher) }
    for watcher in others { watcher.reactToHandshake = { loop.queueHandshake(Handshaker()) } }
    loop.run(turns: 600)
    #expect(first == nil)
  }

  @Test func `the loop keeps a watched watcher alive, and lets it go with itself`() throws {
    let (ours, theirs) = socketPair()
    defer {
      close(ours)
      close(theirs)
    }
    weak var kept: Probe?
    do {
      let loop = try EventLoop()
      do {
        let probe = Probe()
        kept = probe
        loop.watch(probe, descriptor: ours, interest: .readable)
      }
      #expect(kept != nil)
    }
    #expect(kept == nil)
  }
}

private final class Handshaker: Watcher {
  weak var loop: EventLoop?
  var turns: [Int] = []
  var reactToHandshake: () -> Void = {}

  override func onHandshakeTurn() {
    turns.append(loop?.turns ?? 0)
    reactToHandshake()
  }
}

/// What the posted tasks of a test write to.
private final class LoopHandle: @unchecked Sendable {
  // Sendable: touched by the loop's thread while it runs, and by the test's, which is the same.
  private let loop: EventLoop
  var ran: [Int] = []
  var threads: [pthread_t] = []

  init(_ loop: EventLoop) { self.loop = loop }

  func note(_ number: Int) {
    ran.append(number)
    threads.append(pthread_self())
  }

  func stop() { loop.stop() }
}

private final class Poster {
  private let remote: RemoteTasks
  private let handle: LoopHandle

  init(_ remote: RemoteTasks, _ handle: LoopHandle) {
    self.remote = remote
    self.handle = handle
  }

  func post() {
    let handle = handle
    for number in 0..<100 {
      remote.post { handle.note(number) }
      if number % 10 == 0 { usleep(500) }
    }
    remote.post { handle.stop() }
  }
}
