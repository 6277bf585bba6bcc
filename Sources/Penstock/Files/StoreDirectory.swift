import Glibc

/// Where the file store's directory is, and that nobody else can look into it.
enum StoreDirectory {
  /// Makes the configured directory, or chooses one; nil where none can be had. Errors: the
  /// configured one is no directory, is not ours, or is open to others.
  static func prepare(_ configured: String?) throws(ServerFault) -> String? {
    if let configured {
      if let fault = fault(making: configured) {
        throw ServerFault("files.directory \(configured): \(fault)")
      }
      return configured
    }
    var candidates = ["/var/lib/penstock/files"]
    if let state = getenv("STATE_DIRECTORY") {
      candidates.insert(String(cString: state) + "/files", at: 0)
    }
    let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    candidates.append("\(temporary)/penstock-files-\(geteuid())")
    for candidate in candidates where fault(making: candidate) == nil { return candidate }
    return nil
  }

  /// Makes it again, where somebody has removed it.
  static func restore(_ path: String) { _ = mkdir(path, 0o700) }

  /// What is wrong with it, if anything.
  private static func fault(making path: String) -> String? {
    if mkdir(path, 0o700) != 0, errno != EEXIST { return String(cString: strerror(errno)) }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      return errno == ENOTDIR || errno == ELOOP
        ? "this is no directory" : String(cString: strerror(errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return String(cString: strerror(errno)) }
    if status.st_uid != geteuid() { return "it belongs to somebody else" }
    if status.st_mode & 0o077 != 0 { return "others may look into it; chmod 700" }
    return access(path, R_OK | W_OK | X_OK) == 0 ? nil : String(cString: strerror(errno))
  }
}
