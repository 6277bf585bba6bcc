import EventLoop
import Wire

/// The last requests of a worker that failed, for each side at fault apart, so that a flood of one
/// does not wash away the others.
// Sendable: all that changes is behind the lock, which a reader holds for as long as a copy takes.
final class RecentErrors: @unchecked Sendable {
  struct Entry {
    /// Which one it was of its worker's.
    var number = 0
    let unixNanoseconds: Int64
    /// Nil where the upstream's own answer said so.
    let error: PenstockError?
    let phase: Phase
    let status: Int
    let upstreamStatus: Int
    let method: MethodLabel
    /// Indices into the configuration; -1 is none.
    let project: Int
    let account: Int
    /// Empty where it may not be shown, as it holds a secret.
    let requestID: [UInt8]

    var side: Side { error?.row.side ?? .upstream }
  }

  /// Kept of a side.
  static let entriesMax = 32

  private let lock = Lock()
  /// By side, the oldest at `next`.
  private var entries: [[Entry]] = [[], [], []]
  private var next = [0, 0, 0]
  private var noted = 0

  func note(_ entry: Entry) {
    let side = Self.index(entry.side)
    var entry = entry
    lock.whileHeld {
      noted += 1
      entry.number = noted
      if entries[side].count < Self.entriesMax {
        entries[side].append(entry)
      } else {
        entries[side][next[side]] = entry
        next[side] = (next[side] + 1) % Self.entriesMax
      }
    }
  }

  /// In no order; from any thread.
  var all: [Entry] { lock.whileHeld { entries.flatMap { $0 } } }

  private static func index(_ side: Side) -> Int {
    switch side {
    case .downstream: 0
    case .upstream: 1
    case .internal: 2
    }
  }
}
