import CSystem

/// The process's memory beyond what is in use.
public enum Memory {
  /// Gives the kernel back what is free: malloc by itself does so only at an arena's end.
  /// Takes a millisecond or two (malloc_trim(3)).
  public static func giveBack() { cs_malloc_trim() }

  /// What the allocator has lent, and what it holds free, in bytes (mallinfo(3)). Takes the lock
  /// of each arena in turn.
  public static func allocated() -> (used: Int, free: Int) {
    var (used, free) = (0, 0)
    cs_malloc_bytes(&used, &free)
    return (used, free)
  }
}
