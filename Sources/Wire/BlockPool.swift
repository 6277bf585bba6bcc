import Glibc

/// The blocks of memory that one worker's buffers take turns with.
///
/// A busy connection holds a block, an idle one none. Owned by one worker's thread.
public final class BlockPool {
  /// The memory that a buffer gets, in bytes: one read of a connection.
  public static let blockBytes = 16 * 1024

  /// The memory for a buffer that is known to be filled again and again.
  public static let largeBlockBytes = 64 * 1024

  private var blocks: [UnsafeMutablePointer<UInt8>] = []
  private var largeBlocks: [UnsafeMutablePointer<UInt8>] = []
  private let kept: Int

  /// `kept`: how many free blocks it keeps at the most; more are given back to the allocator.
  public init(kept: Int = 256) {
    self.kept = kept
    blocks.reserveCapacity(kept)
    largeBlocks.reserveCapacity(keptLarge)
  }

  /// The same memory at the most in large blocks as in small ones.
  private var keptLarge: Int { kept * Self.blockBytes / Self.largeBlockBytes }

  deinit { releaseAll() }

  /// The memory of the free blocks.
  public var keptBytes: Int {
    blocks.count * Self.blockBytes + largeBlocks.count * Self.largeBlockBytes
  }

  /// Gives all free blocks to the allocator.
  public func releaseAll() {
    BufferMemory.add(-keptBytes)
    for block in blocks { free(block) }
    for block in largeBlocks { free(block) }
    blocks.removeAll(keepingCapacity: true)
    largeBlocks.removeAll(keepingCapacity: true)
  }

  /// Gives a buffer that holds no memory a block.
  public func provide(_ buffer: inout ByteBuffer, isLarge: Bool = false) {
    if buffer.capacity > 0 { return }
    let bytes = isLarge ? Self.largeBlockBytes : Self.blockBytes
    if let block = isLarge ? largeBlocks.popLast() : blocks.popLast() {
      buffer.adopt(block, capacity: bytes)
    } else {
      buffer.reserve(bytes)
    }
  }

  /// Takes an empty buffer's memory back. What is no block goes to the allocator.
  public func reclaim(_ buffer: inout ByteBuffer) {
    precondition(buffer.isEmpty)
    if buffer.capacity == Self.blockBytes, blocks.count < kept {
      if let block = buffer.surrender() { blocks.append(block) }
    } else if buffer.capacity == Self.largeBlockBytes, largeBlocks.count < keptLarge {
      if let block = buffer.surrender() { largeBlocks.append(block) }
    } else {
      buffer.release()
    }
  }
}
