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
  /// When the first of the named ones expires.
  private(set) var nextExpiryUnixSeconds = Int.max
  /// The newest named ones: a look at the directory that had begun by then may have missed them.
  private var recent: [(file: Named, bytes: Int)] = []

  /// A file that got its name.
  struct Named {
    /// When its inode last changed.
    let changedNanoseconds: Int64
    let expiresUnixSeconds: Int
  }

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
  mutating func endFile(bytes: Int, named: Named?) {
    writing.files -= 1
    writing.bytes -= bytes
    guard let named else { return }
    add(named, bytes: bytes)
    recent.append((named, bytes))
  }

  private mutating func add(_ file: Named, bytes: Int) {
    stored.files += 1
    stored.bytes += bytes
    nextExpiryUnixSeconds = min(nextExpiryUnixSeconds, file.expiresUnixSeconds)
  }

  /// The directory was looked at. `found`, `nextExpiryUnixSeconds`: of files whose inode changed
  /// before `startNanoseconds`, without those that have expired.
  mutating func onSwept(
    _ found: Totals, nextExpiryUnixSeconds next: Int, startNanoseconds: Int64
  ) {
    recent.removeAll { $0.file.changedNanoseconds < startNanoseconds }
    stored = found
    nextExpiryUnixSeconds = next
    for each in recent { add(each.file, bytes: each.bytes) }
  }
}
