import Glibc

/// What is wrong with a directory for binary results, in words for an operator.
public enum StoreProblem: Error, Equatable, Sendable {
  case notADirectory
  case otherOwner
  /// Others could put files there, take them away, or see how many there are.
  case openToOthers
  /// Its own owner may not use it.
  case closedToOwner
  /// It is missing, and cannot be made.
  case cannotBeMade(Int32)
  case cannotBeOpened(Int32)

  /// True where the user that serves may do better than the one that looks.
  public var isOfThisUser: Bool {
    switch self {
    case .otherOwner, .cannotBeMade, .cannotBeOpened: true
    case .notADirectory, .openToOthers, .closedToOwner: false
    }
  }

  /// What is to be said behind `the directory`.
  public var message: String {
    switch self {
    case .notADirectory: "is none"
    case .otherOwner: "belongs to another user"
    case .openToOthers: "is open to other users"
    case .closedToOwner: "is closed to its owner"
    case .cannotBeMade(let number): "cannot be made: \(String(cString: strerror(number)))"
    case .cannotBeOpened(let number): "cannot be opened: \(String(cString: strerror(number)))"
    }
  }

  public var help: String {
    switch self {
    case .notADirectory: "name a directory that is no symbolic link, or where one can be made"
    case .otherOwner, .cannotBeMade, .cannotBeOpened:
      "name a directory of the user that Penstock runs as"
    case .openToOthers, .closedToOwner: "chmod 700"
    }
  }

  init(opening number: Int32) {
    self = number == ENOTDIR || number == ELOOP ? .notADirectory : .cannotBeOpened(number)
  }

  /// By what an open directory is; nil where it is its owner's alone.
  init?(_ status: stat) {
    if status.st_uid != geteuid() {
      self = .otherOwner
    } else if status.st_mode & 0o077 != 0 {
      self = .openToOthers
    } else if status.st_mode & 0o700 != 0o700 {
      self = .closedToOwner
    } else {
      return nil
    }
  }

  // MARK: Finding out

  /// What would be wrong with the path, without making anything; nil where it is fine, or missing
  /// and can be made.
  public static func found(at path: String) -> StoreProblem? {
    let descriptor = open(path, StoreDirectory.flags)
    if descriptor < 0 {
      return errno == ENOENT ? ofMissing(path) : StoreProblem(opening: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return .cannotBeOpened(errno) }
    return StoreProblem(status)
  }

  private static func ofMissing(_ path: String) -> StoreProblem? {
    var parent = path
    while let slash = parent.lastIndex(of: "/"), slash != parent.startIndex {
      parent = String(parent[..<slash])
      if access(parent, F_OK) != 0 { continue }
      return access(parent, W_OK | X_OK) == 0 ? nil : .cannotBeMade(errno)
    }
    return access(path.hasPrefix("/") ? "/" : ".", W_OK | X_OK) == 0 ? nil : .cannotBeMade(errno)
  }
}
