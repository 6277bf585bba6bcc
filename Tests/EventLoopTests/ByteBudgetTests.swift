import Testing

@testable import EventLoop

/// What a turn moves of bodies at the most, and what everyone gets behind that.
@Suite struct ByteBudgetTests {
  private static let least = 16 * 1024

  /// Does something in each of so many turns.
  private func turns(_ count: Int, of loop: EventLoop, _ body: @escaping () -> Void) {
    let probe = Probe()
    probe.reactToReady = {
      body()
      if loop.turns < count { loop.readyAgain(probe) }
    }
    loop.readyAgain(probe)
    loop.run(turns: count)
    #expect(probe.ready.count == count)
  }

  @Test func `a share is what is wanted, as long as the turn has so much`() throws {
    let loop = try EventLoop(bytesPerTurn: 100_000)
    turns(1, of: loop) {
      for wanted in [0, 1, 99_999, 100_000] { #expect(loop.share(of: wanted) == wanted) }
      #expect(loop.share(of: 100_001) == 100_000)
      #expect(loop.share(of: .max) == 100_000)
      // Asking costs nothing.
      #expect(loop.share(of: .max) == 100_000)
      loop.spend(30_000)
      #expect(loop.share(of: .max) == 70_000)
      loop.spend(1)
      #expect(loop.share(of: .max) == 69_999)
      #expect(loop.share(of: 5) == 5)
    }
  }

  @Test func `behind the turn's budget everyone gets a least share`() throws {
    let loop = try EventLoop(bytesPerTurn: 100_000)
    turns(1, of: loop) {
      loop.spend(100_000 - Self.least)
      #expect(loop.share(of: .max) == Self.least)
      loop.spend(1)
      #expect(loop.share(of: .max) == Self.least)
      loop.spend(100_000)
      #expect(loop.share(of: .max) == Self.least)
      for _ in 0..<100 {
        loop.spend(loop.share(of: .max))
        #expect(loop.share(of: .max) == Self.least)
        #expect(loop.share(of: 100) == 100)
      }
    }
  }

  @Test func `each turn has its budget anew, however much the one before has spent`() throws {
    let loop = try EventLoop(bytesPerTurn: 50_000)
    turns(4, of: loop) {
      #expect(loop.share(of: .max) == 50_000)
      loop.spend(loop.turns * 40_000)
      #expect(loop.share(of: .max) < 50_000)
    }
  }

  @Test func `many that want all of it share a turn out, and none is left without`() throws {
    let loop = try EventLoop(bytesPerTurn: 4 << 20)
    var moved = [Int](repeating: 0, count: 40)
    turns(1, of: loop) {
      for index in moved.indices {
        let share = loop.share(of: 1 << 20)
        moved[index] = share
        loop.spend(share)
      }
    }
    #expect(moved.prefix(4).allSatisfy { $0 == 1 << 20 })
    #expect(moved.dropFirst(4).allSatisfy { $0 == Self.least })
  }

  @Test func `before the first turn there is the least share`() throws {
    let loop = try EventLoop(bytesPerTurn: 1 << 20)
    #expect(loop.share(of: .max) == Self.least)
    #expect(loop.share(of: 3) == 3)
  }

  @Test func `a budget below the least share is not kept to`() throws {
    let loop = try EventLoop(bytesPerTurn: 10)
    turns(1, of: loop) { #expect(loop.share(of: .max) == Self.least) }
  }
}
