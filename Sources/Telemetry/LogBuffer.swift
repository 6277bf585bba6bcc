import Wire

/// The log lines of one worker that the log thread does not have yet.
///
/// The worker writes a line into `bytes` and ends it with `endLine`; at each settle it hands the
/// buffer over if it `shouldHandOver`, and for a worker that goes quiet a timer does, every
/// `ageNanosecondsMax`. Owned by one thread.
public struct LogBuffer: ~Copyable {
  /// From this many bytes on the buffer is handed over at the next settle.
  public static let handOverBytes = 32 * 1024
  /// No line waits longer than this for that: it is on disk within a second.
  public static let ageNanosecondsMax: Int64 = 200_000_000
  /// What a turn may log; beyond this a line's end hands over and does not wait for settle.
  static let bytesMax = 128 * 1024

  /// Ended lines, then the line that is being written.
  public var bytes = ByteBuffer()
  private let sink: LogSink
  private let lineBytesMax: Int
  private var lineStart = 0
  private var lines = 0
  private var oldestNanoseconds: Int64 = 0

  /// `lineBytesMax`: a longer line is dropped and counted.
  public init(sink: LogSink, lineBytesMax: Int) {
    precondition(lineBytesMax > 0 && lineBytesMax < Self.bytesMax)
    self.sink = sink
    self.lineBytesMax = lineBytesMax
  }

  /// What the line being written may still take, its end included. Whoever writes long members
  /// looks here and cuts them, so that the line is not lost.
  public var lineBytesLeft: Int { max(0, lineBytesMax - (bytes.count - lineStart)) }

  /// Ends the line that was written to `bytes`, which must hold no line feed. `nowNanoseconds` is
  /// the monotonic time.
  public mutating func endLine(nowNanoseconds: Int64) {
    if bytes.count - lineStart > lineBytesMax {
      bytes.truncate(to: lineStart)
      sink.countDropped(lines: 1)
      return
    }
    bytes.append(0x0a)
    if lines == 0 { oldestNanoseconds = nowNanoseconds }
    lines += 1
    lineStart = bytes.count
    if bytes.count >= Self.bytesMax { handOver() }
  }

  /// Whether the buffer is full or old enough to take the log thread's lock for it.
  public func shouldHandOver(nowNanoseconds: Int64) -> Bool {
    lineStart >= Self.handOverBytes
      || (lines > 0 && nowNanoseconds &- oldestNanoseconds >= Self.ageNanosecondsMax)
  }

  /// True when a line waits, so that the worker needs its timer.
  public var isEmpty: Bool { lines == 0 }

  /// Gives the log thread all lines, and keeps its memory for the next ones. Never waits for the
  /// log's reader.
  public mutating func handOver() {
    assert(lineStart == bytes.count, "a line is still being written")
    if lines == 0 { return }
    bytes.withUnsafeBytes { sink.queue($0, lines: lines) }
    bytes.removeAll()
    lineStart = 0
    lines = 0
  }
}
