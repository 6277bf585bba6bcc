import EventLoop
import Synchronization

/// Which accounts have a row of their own in the shards: those that are used first, up to a bound.
/// The others share one, so that neither memory nor a scrape grows with the configuration.
// Sendable: the cells are atomics and live exactly as long as this; the rest that changes is behind
// the lock.
final class AccountRows: @unchecked Sendable {
  /// The rows there are, two more not counted: that of the other accounts, and that of none.
  let rowsMax: Int
  private let accountCount: Int
  /// By account: its row and 1, 0 before it is used.
  private let cells: UnsafeMutablePointer<Atomic<Int32>>
  private let lock = Lock()
  private var owners: [Int] = []
  private var foldedCount = 0

  /// `accounts`: how many there are. `rowsMax`: how many of them may have a row of their own.
  init(accounts: Int, rowsMax: Int) {
    precondition(accounts >= 0 && rowsMax >= 0)
    self.rowsMax = min(accounts, rowsMax)
    accountCount = accounts
    cells = .allocate(capacity: max(1, accounts))
    for index in 0..<accounts { (cells + index).initialize(to: Atomic(0)) }
  }

  deinit { cells.deallocate() }

  /// The row of the accounts that have none of their own.
  var otherRow: Int { rowsMax }
  /// The row of the requests without an account.
  var noneRow: Int { rowsMax + 1 }

  /// The account's row, which it has from the first call on. -1 is no account.
  func row(of account: Int) -> Int {
    guard account >= 0, account < accountCount else { return account < 0 ? noneRow : otherRow }
    let known = cells[account].load(ordering: .relaxed)
    return known > 0 ? Int(known) - 1 : assign(account)
  }

  /// Nil for a row that nobody has, and for the shared ones.
  func account(ofRow row: Int) -> Int? {
    lock.whileHeld { owners.indices.contains(row) ? owners[row] : nil }
  }

  /// Accounts that were used and have no row of their own.
  var folded: Int { lock.whileHeld { foldedCount } }

  private func assign(_ account: Int) -> Int {
    lock.whileHeld {
      let known = cells[account].load(ordering: .relaxed)
      if known > 0 { return Int(known) - 1 }
      let row = min(owners.count, otherRow)
      if row == otherRow { foldedCount += 1 } else { owners.append(account) }
      cells[account].store(Int32(row) + 1, ordering: .relaxed)
      return row
    }
  }
}
