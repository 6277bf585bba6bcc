import EventLoop
import Wire

extension ByteBuffer {
  /// Reads at most `count` bytes of a stream behind what it holds.
  public mutating func read(from stream: inout ByteStream, atMost count: Int) -> StreamResult {
    var result = StreamResult.wouldBlock
    _ = fill(minimum: count) { space in
      result = stream.read(into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(count)))
      if case .moved(let moved) = result { return moved }
      return 0
    }
    return result
  }
}
