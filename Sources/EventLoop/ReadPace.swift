import Glibc

/// Lets a flow that is faster than the loop gather in its socket, so that a wake-up moves much
/// instead of little: SO_RCVLOWAT, which epoll heeds (socket(7)).
///
/// Only for bodies of which more is to come for sure, and never for long: what does not gather
/// within a few milliseconds is told after all. Its owner has a timeout for that.
public struct ReadPace {
  /// What the socket waits for now, in bytes.
  private var lowWater = 1
  private var movedNanoseconds: Int64 = 0

  private static let leastMovedBytes = 16 * 1024
  private static let fastNanoseconds: Int64 = 2_000_000
  private static let pauseNanoseconds: Int64 = 5_000_000

  public init() {}

  /// `count` bytes were moved, `left` are known to follow. `target`: what is worth a wake-up.
  /// Where the pace has changed the socket is told, and `timeout` set for a flow that pauses.
  public mutating func onMoved(
    _ count: Int, left: Int, target: Int, on stream: borrowing ByteStream, nowNanoseconds: Int64,
    _ timeout: Timeout
  ) {
    let isFast = nowNanoseconds - movedNanoseconds < Self.fastNanoseconds
    movedNanoseconds = nowNanoseconds
    let gathers = isFast && count >= Self.leastMovedBytes && left > 2 * target
    set(gathers ? target : 1, on: stream)
    if gathers { timeout.set(atNanoseconds: nowNanoseconds + Self.pauseNanoseconds) }
  }

  /// The timeout ran out: the flow has paused, and whatever there is of it is wanted.
  public mutating func onPaused(on stream: borrowing ByteStream) { set(1, on: stream) }

  private mutating func set(_ bytes: Int, on stream: borrowing ByteStream) {
    if bytes == lowWater { return }
    lowWater = bytes
    var value = Int32(bytes)
    setsockopt(
      stream.descriptor, SOL_SOCKET, SO_RCVLOWAT, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
