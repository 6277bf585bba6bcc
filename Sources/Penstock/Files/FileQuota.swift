/// How much the store holds, as far as its directory was looked at. Pure; behind its store's mutex.
struct FileQuota {
  struct Totals: Equatable {
    var bytes = 0
    var files = 0
  }

  let bytesMax: Int
  let filesMax: Int
  /// Of files that are named.
  private(set) var stored = Totals()
  /// Of files that are being written.
  private(set) var writing = Totals()
  /// The newest named ones, by when their inode last changed: a look at the directory that had
  /// begun by then may have missed them.
  private var recent: [(changedNanoseconds: Int64, bytes: Int)] = []

  init(bytesMax: Int, filesMax: Int) {
    self.bytesMax = bytesMax
    self.filesMax = filesMax
  }

  mutating func beginFile() throws(StoreError) {
    if stored.files + writing.files >= filesMax { throw .filesQuota }
    writing.files += 1
  }

  mutating func reserve(_ bytes: Int) throws(StoreError) {
    if stored.bytes + writing.bytes + bytes > bytesMax { throw .bytesQuota }
    writing.bytes += bytes
  }

  /// A file is named, or given up.
  mutating func endFile(bytes: Int, changedNanoseconds: Int64?) {
    writing.files -= 1
    writing.bytes -= bytes
    guard let changedNanoseconds else { return }
    stored.files += 1
    stored.bytes += bytes
    recent.append((changedNanoseconds, bytes))
  }

  /// The directory was looked at. `found`: of files whose inode changed before `startNanoseconds`,
  /// without those that were removed.
  mutating func onSwept(_ found: Totals, startNanoseconds: Int64) {
    recent.removeAll { $0.changedNanoseconds < startNanoseconds }
    stored = found
    for each in recent {
      stored.files += 1
      stored.bytes += each.bytes
    }
  }
}
