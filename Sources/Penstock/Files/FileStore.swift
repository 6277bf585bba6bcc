import EventLoop
import Glibc
import Wire

/// Binary results on disk: one directory, which other processes may use, too.
///
/// A file is written as `{id}.part` and gets its name, `{id}-{expires}`, when it is whole; so what
/// was being written when a process died is known by its name and its lock. All that touches the
/// disk runs on helper threads.
// Sendable: what changes is behind the lock.
final class FileStore: @unchecked Sendable {
  let path: String
  let tasks: BlockingTasks
  let fileBytesMax: Int
  private let configuration: FilesConfiguration
  private let freePercent: Int
  private let keys: [SigningKey]

  private let lock = Lock()
  private var directory: StoreDirectory
  private var quota: FileQuota
  private var errors = [UInt64](repeating: 0, count: StoreError.allCases.count)
  private var expired: UInt64 = 0
  private var hasSwept = false
  /// As it was when a helper last asked: a scrape does not wait for the disk.
  private var freeBytes = 0
  /// Held while the directory is looked through.
  private let sweepLock = Lock()

  /// nil where no directory is configured and none could be made. Errors: a configured directory
  /// that cannot be used, in words for an operator.
  init?(_ configuration: FilesConfiguration, _ limits: Limits) throws(ServerFault) {
    guard let chosen = try StoreDirectory.choose(configuration.directory) else { return nil }
    self.configuration = configuration
    path = chosen.path
    directory = chosen.directory
    fileBytesMax = limits.fileBytes
    freePercent = limits.filesFreePercent
    keys = configuration.signingKeys.isEmpty ? [try .random()] : configuration.signingKeys
    quota = FileQuota(bytesMax: configuration.bytesMax, filesMax: configuration.filesMax)
    tasks = BlockingTasks(threadsMax: Self.threads)
  }

  /// For downloads from a cold disk and for writing, together.
  private static let threads = 3

  /// The directory as it is now, made again where somebody has deleted it.
  func openDirectory() throws(StoreError) -> StoreDirectory {
    let known = lock.whileHeld { directory }
    if !known.isDeleted { return known }
    do throws(StoreProblem) {
      let made = try StoreDirectory(path: path)
      lock.whileHeld { directory = made }
      return made
    } catch {
      switch error {
      case .cannotBeMade(let number), .cannotBeOpened(let number): throw StoreError(number)
      case .notADirectory, .otherOwner, .openToOthers, .closedToOwner: throw .noAccess
      }
    }
  }

  // MARK: Links

  /// Appends the URL of a file. `host`: the request's, for where no URL is configured.
  func appendLink(to file: StoredFile, host: Span<UInt8>, into out: inout ByteBuffer) {
    if let url = configuration.publicURL {
      out.append(url)
    } else {
      out.append("http://")
      out.append(host)
    }
    FileLink(id: file.id, expiresUnixSeconds: file.expiresUnixSeconds)
      .append(signedBy: keys[0], into: &out)
  }

  /// What a request target links to; nil where its signature is none of ours.
  func link(_ target: Span<UInt8>) -> FileLink? { FileLink(target, keys: keys) }

  /// When a file that is whole now expires.
  var expiresUnixSeconds: Int {
    Int(Clock.wallNanoseconds() / 1_000_000_000) + (configuration.ttlMilliseconds + 999) / 1000
  }

  // MARK: Room, asked for by helper threads

  func beginFile() throws(StoreError) {
    if !lock.whileHeld({ hasSwept }) { sweep() }
    try makingRoom { (quota) throws(StoreError) in try quota.beginFile() }
  }

  /// Room for more bytes of a file.
  func reserve(_ bytes: Int) throws(StoreError) {
    if try !leavesFree(bytes) {
      guard canEvict else { throw .freeSpace }
      sweep()
      if try !leavesFree(bytes) { throw .freeSpace }
    }
    try makingRoom { (quota) throws(StoreError) in try quota.reserve(bytes) }
  }

  /// Where there is none, what has expired goes; what has not, never.
  private func makingRoom(
    _ body: (inout FileQuota) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard let refused = attempt(body) else { return }
    guard canEvict else { throw refused }
    sweep()
    if let error = attempt(body) { throw error }
  }

  /// True where something has expired: a look at the directory for each that is refused would keep
  /// all helpers busy.
  private var canEvict: Bool {
    let now = Int(Clock.wallNanoseconds() / 1_000_000_000)
    return lock.whileHeld { quota.nextExpiryUnixSeconds <= now }
  }

  private func leavesFree(_ bytes: Int) throws(StoreError) -> Bool {
    guard freePercent > 0, let (free, total) = measure(try openDirectory()) else { return true }
    return free - bytes >= total / 100 * freePercent
  }

  private func measure(_ directory: StoreDirectory) -> (free: Int, total: Int)? {
    var status = statvfs()
    guard fstatvfs(directory.descriptor, &status) == 0 else { return nil }
    let block = Int(status.f_frsize)
    let free = Int(status.f_bavail) * block
    lock.whileHeld { freeBytes = free }
    return (free, Int(status.f_blocks) * block)
  }

  private func attempt(_ body: (inout FileQuota) throws(StoreError) -> Void) -> StoreError? {
    lock.whileHeld {
      do throws(StoreError) {
        try body(&quota)
        return nil
      } catch {
        return error
      }
    }
  }

  /// `named`: nil where the file was given up.
  func endFile(bytes: Int, named: FileQuota.Named?) {
    lock.whileHeld { quota.endFile(bytes: bytes, named: named) }
  }

  // MARK: Sweeping

  /// How often the directory is looked through at the least.
  static let sweepNanoseconds: Int64 = 30_000_000_000

  /// Has a helper thread do it.
  func sweepSoon() { tasks.submit { self.sweep() } }

  /// Looks through the directory: removes what has expired and what nobody writes any more, and
  /// counts the rest. On a helper thread.
  func sweep() {
    sweepLock.whileHeld { sweepAlone() }
  }

  private func sweepAlone() {
    guard let directory = try? openDirectory() else { return }
    let sweep = FileSweep(directory)
    sweep.run()
    _ = measure(directory)
    lock.whileHeld {
      hasSwept = true
      expired &+= UInt64(sweep.expired)
      for error in sweep.errors { errors[error.rawValue] &+= 1 }
      quota.onSwept(
        sweep.found, nextExpiryUnixSeconds: sweep.nextExpiryUnixSeconds,
        startNanoseconds: sweep.startNanoseconds)
    }
  }

  // MARK: For the metrics

  struct Figures {
    let totals: FileQuota.Totals
    let expired: UInt64
    /// By `StoreError`.
    let errors: [UInt64]
    let freeBytes: Int
  }

  var figures: Figures {
    lock.whileHeld {
      Figures(totals: quota.stored, expired: expired, errors: errors, freeBytes: freeBytes)
    }
  }

  func count(_ error: StoreError) { lock.whileHeld { errors[error.rawValue] &+= 1 } }
}
