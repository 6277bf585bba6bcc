import CSystem
import Glibc

/// A file without a name, written once from front to back, then read: it goes with its descriptor,
/// whatever becomes of the process. Used by its loop's thread only.
public final class SpoolFile {
  private let descriptor: Int32
  public private(set) var count = 0

  /// nil where the directory takes no file.
  public init?(in directory: String) {
    descriptor = cs_open_unnamed(directory)
    if descriptor < 0 { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// False where the disk is full or broken.
  public func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let moved = write(descriptor, rest.baseAddress, rest.count)
      if moved < 0, errno == EINTR { continue }
      if moved <= 0 { return false }
      written += moved
    }
    count += written
    return true
  }

  /// All of it, by a descriptor of its own; nil where there is none to be had.
  public func content() -> OutgoingFile? {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    return copy < 0 ? nil : OutgoingFile(descriptor: copy, offset: 0, count: count)
  }
}
