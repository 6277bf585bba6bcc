import Glibc

/// Why the file store could not do something; a label of its errors' metric.
enum StoreError: Int, Error, CaseIterable, Sendable {
  /// `files.max_bytes`, `files.max_files` and `limits.files_free_percent`.
  case bytesQuota, filesQuota, freeSpace
  case noSpace, diskQuota, inputOutput, readOnly, noAccess, tooLarge
  /// A file is not what was written.
  case damaged
  case other

  /// By errno.
  init(_ number: Int32) {
    self =
      switch number {
      case ENOSPC: .noSpace
      case EDQUOT: .diskQuota
      case EIO: .inputOutput
      case EROFS: .readOnly
      case EACCES, EPERM: .noAccess
      default: .other
      }
  }

  /// The limit whose breach it tells of.
  var limit: LimitName? {
    switch self {
    case .bytesQuota: .filesMaxBytes
    case .filesQuota: .filesMaxFiles
    case .freeSpace: .filesFreePercent
    case .tooLarge: .fileBytes
    default: nil
    }
  }

  var name: StaticString {
    switch self {
    case .bytesQuota: "max_bytes"
    case .filesQuota: "max_files"
    case .freeSpace: "free_space"
    case .noSpace: "enospc"
    case .diskQuota: "edquot"
    case .inputOutput: "eio"
    case .readOnly: "erofs"
    case .noAccess: "eacces"
    case .tooLarge: "file_bytes"
    case .damaged: "damaged"
    case .other: "other"
    }
  }
}
