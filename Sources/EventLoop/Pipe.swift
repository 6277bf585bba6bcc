import CSystem
import Glibc

/// A kernel pipe through which body bytes go from one socket to another without being copied.
///
/// Belongs to a `PipePool`, and to whoever took it while it holds bytes. Used by its loop's thread
/// only.
public final class Pipe {
  let readEnd: Int32
  let writeEnd: Int32
  /// Bytes in it.
  public private(set) var count = 0

  /// nil where the kernel gives no pipe of the size: descriptors have run out, or the pages that
  /// pipe(7) allows a user.
  init?(bytes: Int) {
    var ends: [Int32] = [-1, -1]
    guard cs_pipe(&ends) == 0 else { return nil }
    readEnd = ends[0]
    writeEnd = ends[1]
    if cs_pipe_resize(writeEnd, Int32(clamping: bytes)) < bytes { return nil }
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  func onFilled(_ moved: Int) { count += moved }

  func onDrained(_ moved: Int) {
    precondition(moved <= count, "more came out of a pipe than went in")
    count -= moved
  }
}
