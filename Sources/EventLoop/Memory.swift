import CSystem

/// The process's memory beyond what is in use.
public enum Memory {
  /// Gives the kernel back what is free: malloc by itself does so only at an arena's end.
  /// Takes a millisecond or two (malloc_trim(3)).
  public static func giveBack() { cs_malloc_trim() }
}
