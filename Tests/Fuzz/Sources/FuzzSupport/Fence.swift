import Glibc

/// Memory whose end is the end of what may be touched: a byte too far traps, in assembly, too.
public final class Fence {
  private let base: UnsafeMutableRawPointer
  private let size: Int

  public init(_ bytesMax: Int) {
    let page = 4096
    size = (bytesMax + page - 1) / page * page
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let pages = mmap(nil, size + page, PROT_READ | PROT_WRITE, flags, -1, 0),
      pages != MAP_FAILED
    else { preconditionFailure("no memory") }
    base = pages
    mprotect(base + size, page, PROT_NONE)
  }

  /// The last `count` bytes before the fence.
  public func last(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    precondition(count <= size)
    return (base + (size - count)).assumingMemoryBound(to: UInt8.self)
  }
}
