import Glibc

/// The blocks of memory that one worker's buffers take turns with.
///
/// A busy connection holds a block, an idle one none. Owned by one worker's thread.
public final class BlockPool {
  /// The memory that a buffer gets, in bytes: one read of a connection.
  public static let blockBytes = 16 * 1024

  private var blocks: [UnsafeMutablePointer<UInt8>] = []
  private let kept: Int

  /// `kept`: how many free blocks it keeps at the most; more are given back to the allocator.
  public init(kept: Int = 256) {
    self.kept = kept
    blocks.reserveCapacity(kept)
  }

  deinit { releaseAll() }

  /// Gives all free blocks to the allocator.
  public func releaseAll() {
    for block in blocks { free(block) }
    blocks.removeAll(keepingCapacity: true)
  }

  /// Gives a buffer that holds no memory a block.
  public func provide(_ buffer: inout ByteBuffer) {
    if buffer.capacity > 0 { return }
    if let block = blocks.popLast() {
      buffer.adopt(block, capacity: Self.blockBytes)
    } else {
      buffer.reserve(Self.blockBytes)
    }
  }

  /// Takes an empty buffer's memory back. A larger one than a block goes to the allocator.
  public func reclaim(_ buffer: inout ByteBuffer) {
    precondition(buffer.isEmpty)
    if buffer.capacity == Self.blockBytes, blocks.count < kept {
      if let block = buffer.surrender() { blocks.append(block) }
    } else {
      buffer.release()
    }
  }
}
