import Glibc

/// The file store's directory, held open, so that what is done in it cannot be led elsewhere: below
/// a directory for temporary files, whoever comes after a cleaner could make one of the same name.
/// Whatever is done in it may wait for the disk.
final class StoreDirectory: Sendable {
  let descriptor: Int32
  static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

  /// Opens it, and makes it where it is missing. Errors: it is no directory, is not ours alone, or
  /// cannot be made.
  init(path: String) throws(StoreProblem) {
    try Self.make(path)
    descriptor = open(path, Self.flags)
    if descriptor < 0 { throw StoreProblem(opening: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotBeOpened(errno) }
    if let problem = StoreProblem(status) { throw problem }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// True once somebody has deleted it.
  var isDeleted: Bool {
    var status = stat()
    return fstat(descriptor, &status) != 0 || status.st_nlink == 0
  }

  /// Makes the directory, and those above it that are missing, for their owner alone.
  private static func make(_ path: String) throws(StoreProblem) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    if errno == ENOTDIR { throw .notADirectory }
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    guard errno == ENOENT, !parent.isEmpty else { throw .cannotBeMade(errno) }
    try make(parent)
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw .cannotBeMade(errno) }
  }

  // MARK: Where it is

  /// The configured one; else the first that will do of what systemd gives, the usual place, and
  /// one below the directory for temporary files. nil where none does. Errors: the configured one
  /// will not do.
  static func choose(
    _ configured: String?
  ) throws(ServerFault) -> (path: String, directory: StoreDirectory)? {
    if let path = configured {
      do throws(StoreProblem) {
        return (path, try StoreDirectory(path: path))
      } catch {
        throw ServerFault("files: the directory \(path) \(error.message); \(error.help)")
      }
    }
    for path in candidates {
      if let directory = try? StoreDirectory(path: path) { return (path, directory) }
    }
    return nil
  }

  private static var candidates: [String] {
    var paths: [String] = []
    // systemd gives a list, with colons between.
    let given = getenv("STATE_DIRECTORY").map { String(cString: $0) } ?? ""
    if let first = given.split(separator: ":").first { paths.append("\(first)/files") }
    paths.append("/var/lib/penstock/files")
    let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    paths.append("\(temporary.isEmpty ? "/tmp" : temporary)/penstock-files-\(geteuid())")
    return paths.filter { $0.hasPrefix("/") }
  }
}
