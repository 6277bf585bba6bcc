import CSystem
import Glibc
import Testing

@testable import EventLoop

@Suite struct ReadPaceTests {
  private static let target = 64 * 1024
  private static let start: Int64 = 1_000_000_000
  /// More than this must follow for a flow to gather.
  private static let much = 2 * target + 1

  /// What the kernel waits for before it says that there is something to read.
  private func lowWater(_ end: End) -> Int {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(end.descriptor, SOL_SOCKET, SO_RCVLOWAT, &value, &size)
    return Int(value)
  }

  /// One read of a body.
  private struct Move {
    var afterNanoseconds: Int64
    var count = 16 * 1024
    var left = ReadPaceTests.much
  }

  /// What the socket waits for behind each of the moves, the first of which nothing was before.
  private func lowWaters(_ link: Link, _ moves: [Move]) throws -> [Int] {
    let loop = try EventLoop()
    let timeout = Timeout(owner: Probe(), loop: loop)
    let (left, right) = try link.make()
    let (end, peer) = (End(left), End(right))
    var pace = ReadPace()
    var now = Self.start
    let waits = moves.map { move in
      now += move.afterNanoseconds
      timeout.clear()
      end.move(
        move.count, left: move.left, target: Self.target, nowNanoseconds: now, &pace, timeout)
      let value = lowWater(end)
      // Whoever waits for more has a time after which it does not.
      #expect(timeout.isSet == (value > 1))
      if timeout.isSet { #expect(timeout.deadlineNanoseconds == now + milliseconds(5)) }
      return value
    }
    withExtendedLifetime(peer) {}
    return waits
  }

  @Test(arguments: Link.allCases)
  func `a fast flow of which much is to come gathers, from its second read on`(link: Link)
    throws
  {
    let moves = [Move(afterNanoseconds: 0), Move(afterNanoseconds: 100_000)]
    #expect(try lowWaters(link, moves) == [1, Self.target])
    #expect(try lowWaters(link, moves + moves) == [1] + [Int](repeating: Self.target, count: 3))
  }

  @Test(
    arguments: [
      // Two milliseconds between reads are slow.
      (Move(afterNanoseconds: 1_999_999), true), (Move(afterNanoseconds: 2_000_000), false),
      (Move(afterNanoseconds: milliseconds(500)), false),
      // So is a read of little.
      (Move(afterNanoseconds: 1, count: 16 * 1024 - 1), false),
      (Move(afterNanoseconds: 1, count: 16 * 1024), true),
      (Move(afterNanoseconds: 1, count: 1 << 20), true),
      // Twice the target must follow, and more.
      (Move(afterNanoseconds: 1, left: much - 1), false), (Move(afterNanoseconds: 1), true),
      (Move(afterNanoseconds: 1, left: 0), false), (Move(afterNanoseconds: 1, left: .max), true),
    ] as [(Move, Bool)])
  private func `it gathers where it is fast, in large reads, and far from its end`(
    move: Move, gathers: Bool
  ) throws {
    // A first read, and one that has raised it.
    let before = [Move(afterNanoseconds: 0), Move(afterNanoseconds: 1)]
    let expected = gathers ? Self.target : 1
    #expect(try lowWaters(.tcp, [before[0], move]) == [1, expected])
    #expect(try lowWaters(.tcp, before + [move]) == [1, Self.target, expected])
    #expect(
      try lowWaters(.tcp, before + [move, before[1]]) == [1, Self.target, expected, Self.target])
  }

  @Test func `each flow has the target that is worth a wake-up to it`() throws {
    let timeout = Timeout(owner: Probe(), loop: try EventLoop())
    let (left, right) = try Link.tcp.make()
    let (end, peer) = (End(left), End(right))
    var pace = ReadPace()
    for target in [64 * 1024, 256 * 1024, 64 * 1024] {
      for now in [Self.start, Self.start + 1] {
        end.move(1 << 20, left: .max, target: target, nowNanoseconds: now, &pace, timeout)
      }
      #expect(lowWater(end) == target)
    }
    withExtendedLifetime(peer) {}
  }

  @Test(arguments: Link.allCases)
  func `a flow that pauses is told of whatever there is of it`(link: Link) throws {
    let timeout = Timeout(owner: Probe(), loop: try EventLoop())
    let (left, right) = try link.make()
    let (end, peer) = (End(left), End(right))
    var pace = ReadPace()
    for now in [Self.start, Self.start + 1] {
      end.move(
        16 * 1024, left: Self.much, target: Self.target, nowNanoseconds: now, &pace, timeout)
    }
    #expect(lowWater(end) == Self.target)
    end.pause(&pace)
    #expect(lowWater(end) == 1)
    end.pause(&pace)
    #expect(lowWater(end) == 1)
    #expect(peer.write([1]) == .moved(1))
    #expect(end.waits(for: POLLIN))
    // Until it is fast again.
    end.move(
      16 * 1024, left: Self.much, target: Self.target, nowNanoseconds: Self.start + 2, &pace,
      timeout)
    #expect(lowWater(end) == Self.target)
  }

  /// On a real loop: what is too little to wake it comes with the pause, and not before.
  @Test func `a loop sleeps over little, and hears of it when the flow has paused`() throws {
    let loop = try EventLoop()
    let (left, right) = try Link.tcp.make()
    let (end, peer) = (End(left), End(right))
    let probe = Probe()
    let timeout = Timeout(owner: probe, loop: loop)
    var pace = ReadPace()
    let now = loop.nowNanoseconds
    for now in [now - 1, now] {
      end.move(
        16 * 1024, left: Self.much, target: Self.target, nowNanoseconds: now, &pace, timeout)
    }
    #expect(peer.write(pattern(1_000)) == .moved(1_000))
    loop.watch(probe, descriptor: end.descriptor, interest: .readable)
    probe.reactToTimeout = { _ in
      #expect(probe.ready.isEmpty)
      #expect(loop.nowNanoseconds >= now + milliseconds(5))
      end.pause(&pace)
    }
    probe.reactToReady = {
      #expect(probe.expired.count == 1)
      loop.stop()
    }
    loop.run()
    #expect(end.readAll(1_000) == pattern(1_000))
    loop.forget(descriptor: end.descriptor)
  }

  @Test func `an end is told whatever the socket waits for`() throws {
    let timeout = Timeout(owner: Probe(), loop: try EventLoop())
    let (left, right) = try Link.tcp.make()
    let (end, peer) = (End(left), End(right))
    var pace = ReadPace()
    for now in [Self.start, Self.start + 1] {
      end.move(16 * 1024, left: .max, target: Self.target, nowNanoseconds: now, &pace, timeout)
    }
    #expect(peer.write([1, 2, 3]) == .moved(3))
    peer.shutDownWrites()
    #expect(end.waits(for: POLLIN))
    #expect(end.readAll() == [1, 2, 3])
  }
}
