import CSystem
import Wire

/// Compresses one body to raw deflate (RFC 1951): owns a library's context, 256 to 360 KiB.
///
/// Made, kept and lent by `CodingPool`; used by one thread.
public final class Deflater {
  /// What is wanted beyond taking input.
  enum Purpose {
    case more
    /// All that was put in can be read by the peer.
    case flush
    case finish
  }

  /// The library's level; a context is made for one.
  let level: Int
  private let context: UnsafeMutableRawPointer

  /// Nil when there is no memory. `level` is the library's.
  init?(level: Int) {
    guard let context = DeflateLibrary.makeDeflate(level: level) else { return nil }
    self.level = level
    self.context = context
  }

  deinit { DeflateLibrary.freeDeflate(context) }

  /// Forgets the body before, whatever became of it.
  func reset() { DeflateLibrary.resetDeflate(context) }

  /// The library's least room: ISA-L writes 8 bytes at once, and does not move in less than twice.
  private static let roomMin = 16
  /// How much the output grows by at least.
  private static let pieceBytes = 4096

  /// True when all input is taken and the purpose fulfilled; false when there may be more to come.
  ///
  /// Appends at most `room` bytes, or 16 where there is less room.
  func deflate(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int,
    _ purpose: Purpose
  ) -> Bool {
    let what =
      switch purpose {
      case .more: CS_DEFLATE_MORE
      case .flush: CS_DEFLATE_FLUSH
      case .finish: CS_DEFLATE_FINISH
      }
    var left = max(room, Self.roomMin)
    var isDone = false
    input.withUnsafeBufferPointer { bytes in
      while !isDone, left >= Self.roomMin {
        left -= out.fill(minimum: min(left, Self.pieceBytes)) { space in
          var taken = bytes.count - position
          var written = min(space.count, left)
          let result = DeflateLibrary.deflate(
            context, bytes.baseAddress.map { $0 + position }, &taken,
            space.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), &written,
            what)
          position += taken
          isDone = result == CS_DEFLATE_DONE
          return written
        }
      }
    }
    return isDone
  }
}
