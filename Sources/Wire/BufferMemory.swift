import Synchronization

/// The memory of all byte buffers of the process.
///
/// Counted where memory is taken and given back, not where bytes move: blocks change hands between
/// buffers and their pools without it.
public enum BufferMemory {
  private static let held = Atomic<Int>(0)

  /// Bytes, those included that pools keep for the next user; from any thread.
  public static var heldBytes: Int { held.load(ordering: .relaxed) }

  static func add(_ bytes: Int) {
    if bytes != 0 { held.wrappingAdd(bytes, ordering: .relaxed) }
  }
}
