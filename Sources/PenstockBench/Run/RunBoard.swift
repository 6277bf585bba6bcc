import EventLoop
import Synchronization

/// What the threads of a run tell the one that waits for them.
final class RunBoard: @unchecked Sendable {
  // Sendable: all that changes is behind the lock, but for one atomic flag.
  private let lock = Lock()
  private var open: [Int: IntervalTally] = [:]
  private var rows: [TimelineRow] = []
  private var finished: [FinishedThread] = []
  private var fault: String?
  /// The second of the run that each thread has reached: what lies before all of them is whole.
  private var reached: [Int]
  private let stops = Atomic<Bool>(false)

  /// One of the run's threads, when it is done.
  struct FinishedThread: @unchecked Sendable {
    // Sendable: the thread has ended and holds the tally no more.
    let index: Int
    let tally: ThreadTally
  }

  init(threads: Int) { reached = [Int](repeating: 0, count: threads) }

  // MARK: The threads' side

  /// What a thread counted lately, in this second of the run.
  func add(_ interval: IntervalTally, second: Int, thread: Int) {
    lock.whileHeld {
      open[second, default: IntervalTally()].add(interval)
      reached[thread] = second
      closeRows(before: reached.min() ?? 0)
    }
  }

  func finish(_ thread: FinishedThread) {
    lock.whileHeld {
      finished.append(thread)
      reached[thread.index] = Int.max
    }
  }

  /// The run cannot be carried out.
  func fail(_ reason: String) { lock.whileHeld { fault = fault ?? reason } }

  var mustStop: Bool { stops.load(ordering: .relaxed) }

  // MARK: The side of who waits

  func stop() { stops.store(true, ordering: .relaxed) }

  var finishedCount: Int { lock.whileHeld { finished.count } }

  var lastRow: TimelineRow? { lock.whileHeld { rows.last } }

  var failure: String? { lock.whileHeld { fault } }

  /// Once all threads have finished.
  func take() -> (tallies: [ThreadTally], timeline: [TimelineRow]) {
    lock.whileHeld {
      closeRows(before: Int.max)
      return (finished.sorted { $0.index < $1.index }.map(\.tally), rows)
    }
  }

  private func closeRows(before second: Int) {
    for index in open.keys.sorted() where index < second {
      if let interval = open.removeValue(forKey: index) {
        rows.append(TimelineRow(second: index, interval))
      }
    }
  }
}
