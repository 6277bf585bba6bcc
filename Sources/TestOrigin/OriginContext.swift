import EventLoop
import Wire

/// What all connections of an origin share. Used by its loop's thread only.
final class OriginContext {
  /// The loop holds the connections, which hold this.
  unowned let loop: EventLoop
  let pool = BlockPool()
  var date = DateText()

  init(loop: EventLoop) { self.loop = loop }

  static let headLimits = HeadLimits(
    targetBytes: 16 << 10, fieldBytes: 64 << 10, fields: 256, fieldNameBytes: 256,
    fieldValueBytes: 64 << 10)
  static let chunkLimits = ChunkLimits(extensionBytes: 16 << 10, trailers: headLimits)
  /// Read ahead of what is parsed: a head of the largest size fits.
  static let inputBytesMax = 96 << 10
  /// Written ahead of what the peer takes.
  static let outputBytesMax = 64 << 10
  /// A request's body that `/echo` repeats; of a longer one it tells the length.
  static let echoedBytesMax = 64 << 10
  /// Blocks of answer that one connection may write before others have their turn.
  static let roundsPerTurn = 8
  static let acceptsPerTurn = 64
  static let idleNanoseconds: Int64 = 75_000_000_000
  static let lingeringNanoseconds: Int64 = 1_000_000_000
  static let exhaustedNanoseconds: Int64 = 100_000_000
}
