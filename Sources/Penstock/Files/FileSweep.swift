import EventLoop
import Glibc
import Wire

/// One look through the store's directory. For one helper thread.
final class FileSweep {
  private let directory: StoreDirectory
  /// Of the clock that the file system stamps inodes by.
  let startNanoseconds: Int64
  private let nowUnixSeconds: Int
  /// What is there and stays.
  private(set) var found = FileQuota.Totals()
  /// When the first of that expires.
  private(set) var nextExpiryUnixSeconds = Int.max
  /// How many this look has removed because their time was over.
  private(set) var expired = 0
  /// Why others could not be.
  private(set) var errors: [StoreError] = []
  private var removed = 0

  init(_ directory: StoreDirectory) {
    self.directory = directory
    var now = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &now)
    startNanoseconds = now.nanoseconds
    nowUnixSeconds = Int(Clock.wallNanoseconds() / 1_000_000_000)
  }

  func run() {
    // One of its own, for where it is read counts for all that share one.
    let descriptor = openat(directory.descriptor, ".", StoreDirectory.flags)
    guard descriptor >= 0, let stream = fdopendir(descriptor) else {
      if descriptor >= 0 { close(descriptor) }
      return
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      look(at: name, descriptor)
    }
  }

  private func look(at name: String, _ descriptor: Int32) {
    var status = stat()
    guard let kind = StoredName(name),
      fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    else { return }
    switch kind {
    case .part:
      if isAbandoned(name, descriptor) { _ = remove(name, descriptor) }
    case .whole(let expires) where expires <= nowUnixSeconds:
      if remove(name, descriptor) { expired += 1 }
    case .whole(let expires):
      guard status.st_mode & S_IFMT == S_IFREG, status.st_ctim.nanoseconds < startNanoseconds
      else { return }
      found.files += 1
      found.bytes += Int(status.st_size)
      nextExpiryUnixSeconds = min(nextExpiryUnixSeconds, expires)
    }
  }

  /// A part is locked as long as somebody writes it. One that is taken away between its making and
  /// its lock is missed by its writer, which makes another.
  private func isAbandoned(_ name: String, _ directory: Int32) -> Bool {
    let descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if descriptor < 0 { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }

  /// False where another process was faster, and where it cannot be done. Now and then the disk is
  /// left to others.
  private func remove(_ name: String, _ descriptor: Int32) -> Bool {
    removed += 1
    if removed % Self.batch == 0 { usleep(Self.pauseMicroseconds) }
    if unlinkat(descriptor, name, 0) == 0 { return true }
    if errno != ENOENT { errors.append(StoreError(errno)) }
    return false
  }

  private static let batch = 1000
  private static let pauseMicroseconds: UInt32 = 10_000
}

extension timespec {
  var nanoseconds: Int64 { Int64(tv_sec) * 1_000_000_000 + Int64(tv_nsec) }
}
