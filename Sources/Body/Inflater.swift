import CSystem
import Wire

/// Undoes raw deflate (RFC 1951) for one body: owns a library's context, 42 to 88 KiB.
///
/// Made, kept and lent by `CodingPool`; used by one thread.
public final class Inflater {
  enum Progress {
    /// All input was taken, and nothing more can come out of it.
    case needsInput
    /// The piece of output is full.
    case full
    /// The data says that it ends here. What stands behind it is not taken.
    case ended
    case malformed
  }

  private let context: UnsafeMutableRawPointer
  /// What it has inflated must not stay in memory: it is not kept, and freed memory is overwritten.
  public var holdsSecrets = false

  /// Nil when there is no memory.
  init?() {
    guard let context = DeflateLibrary.makeInflate() else { return nil }
    self.context = context
  }

  deinit { DeflateLibrary.freeInflate(context) }

  /// Forgets the data before, whatever became of it.
  func reset() { DeflateLibrary.resetInflate(context) }

  /// How much comes out in one call at most, so that a bomb is looked at before it has gone off.
  private static let pieceBytes = 16 * 1024

  /// Appends a piece of at most `room` bytes, which is 1 or more.
  func inflate(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> Progress {
    // Text grows to three to ten times its size; what is small needs no large buffer.
    let likely = max(512, min(4 * (input.count - position), Self.pieceBytes))
    let piece = min(room, Self.pieceBytes)
    var result = CS_DEFLATE_FULL
    input.withUnsafeBufferPointer { bytes in
      _ = out.fill(minimum: min(piece, likely)) { space in
        var taken = bytes.count - position
        var written = min(space.count, piece)
        result = DeflateLibrary.inflate(
          context, bytes.baseAddress.map { $0 + position }, &taken,
          space.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), &written)
        position += taken
        return written
      }
    }
    switch result {
    case CS_INFLATE_NEEDS_INPUT: return .needsInput
    case CS_DEFLATE_FULL: return .full
    case CS_INFLATE_END: return .ended
    default: return .malformed
    }
  }
}
