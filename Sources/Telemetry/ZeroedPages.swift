import Glibc

/// Memory straight from the kernel: zeroed, page-aligned, resident only where it was touched.
///
/// calloc would do for large tables, but it hands out small ones side by side and zeroes memory
/// that it reuses, which makes it resident.
enum ZeroedPages {
  static func map(bytes: Int) -> UnsafeMutableRawPointer {
    let memory = mmap(
      nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      fatalError("out of memory")  // nothing sane is left to do, see ARCHITECTURE.md, Decisions
    }
    // A huge page would make 2 MiB resident for the first counter that is written.
    madvise(memory, bytes, MADV_NOHUGEPAGE)
    return memory
  }

  static func unmap(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    let result = munmap(memory, bytes)
    assert(result == 0)
  }
}
