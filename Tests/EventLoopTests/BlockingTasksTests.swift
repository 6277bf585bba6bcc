import Glibc
import Synchronization
import Testing

@testable import EventLoop

/// What is done on helper threads: in order, by a few of them, and to its end.
@Suite struct BlockingTasksTests {
  /// Counts up; shared by the tasks of a test.
  private final class Tally: Sendable {
    private let state = Mutex((count: 0, inside: 0, most: 0, order: [Int]()))

    func enter(_ number: Int) {
      state.withLock {
        $0.inside += 1
        $0.most = max($0.most, $0.inside)
        $0.order.append(number)
      }
    }
    func leave() {
      state.withLock {
        $0.inside -= 1
        $0.count += 1
      }
    }
    var count: Int { state.withLock { $0.count } }
    var most: Int { state.withLock { $0.most } }
    var order: [Int] { state.withLock { $0.order } }
  }

  @Test func `every task is done once, and stopping waits for all of them`() {
    let (tasks, tally) = (BlockingTasks(threadsMax: 3), Tally())
    for number in 0..<10_000 {
      tasks.submit {
        tally.enter(number)
        tally.leave()
      }
    }
    #expect(tasks.stop(withinMilliseconds: 10_000))
    #expect(tally.count == 10_000)
    #expect(Set(tally.order).count == 10_000)
  }

  @Test func `one thread does them in the order in which they came`() {
    let (tasks, tally) = (BlockingTasks(threadsMax: 1), Tally())
    for number in 0..<1000 {
      tasks.submit {
        tally.enter(number)
        tally.leave()
      }
    }
    #expect(tasks.stop(withinMilliseconds: 10_000))
    #expect(tally.order == Array(0..<1000))
  }

  @Test func `as many block at a time as there are threads, and no more`() {
    let (tasks, tally) = (BlockingTasks(threadsMax: 4), Tally())
    for number in 0..<12 {
      tasks.submit {
        tally.enter(number)
        usleep(20_000)
        tally.leave()
      }
    }
    #expect(tasks.stop(withinMilliseconds: 10_000))
    #expect(tally.count == 12)
    #expect(tally.most == 4)
  }

  @Test func `a task may submit another`() {
    let (tasks, tally) = (BlockingTasks(threadsMax: 1), Tally())
    @Sendable func again(_ left: Int) {
      tally.enter(left)
      tally.leave()
      if left > 0 { tasks.submit { again(left - 1) } }
    }
    tasks.submit { again(100) }
    #expect(tasks.stop(withinMilliseconds: 10_000))
    #expect(tally.count == 101)
  }

  @Test func `stopping does not wait for what never ends`() {
    let (tasks, tally) = (BlockingTasks(threadsMax: 2), Tally())
    tasks.submit {
      sleep(2)
      tally.leave()
    }
    let start = Clock.monotonicNanoseconds()
    #expect(!tasks.stop(withinMilliseconds: 100))
    #expect(Clock.monotonicNanoseconds() - start < 1_500_000_000)
  }

  @Test func `with nothing to do there is nothing to stop`() {
    #expect(BlockingTasks(threadsMax: 2).stop(withinMilliseconds: 0))
  }
}
