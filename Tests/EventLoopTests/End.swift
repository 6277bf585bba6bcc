import Glibc

@testable import EventLoop

/// A byte stream that `#expect` can take hold of: it copies its operands.
final class End {
  private var stream: ByteStream

  init(_ descriptor: Int32) { stream = ByteStream(descriptor: descriptor) }

  var descriptor: Int32 { stream.descriptor }
  var unacknowledgedBytes: Int { stream.unacknowledgedBytes }

  func read(atMost count: Int = 4096) -> (StreamResult, [UInt8]) {
    var space = [UInt8](repeating: 0, count: count)
    let result = space.withUnsafeMutableBytes { stream.read(into: $0) }
    if case .moved(let moved) = result { return (result, Array(space[..<moved])) }
    return (result, [])
  }

  /// Reads until `count` bytes are there, an end, or nothing more for two seconds.
  func readAll(_ count: Int = Int.max) -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let (result, bytes) = read(atMost: min(65536, count - all.count))
      all += bytes
      if case .moved = result { continue }
      if result != .wouldBlock || !waits(for: POLLIN) { break }
    }
    return all
  }

  /// True once the socket is ready for it; false where it is not within two seconds.
  func waits(for events: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return poll(&request, 1, 2000) == 1
  }

  func write(_ bytes: [UInt8], hasMore: Bool = false) -> StreamResult {
    bytes.withUnsafeBytes { stream.write($0, hasMore: hasMore) }
  }

  func splice(into pipe: Pipe, count: Int) -> StreamResult {
    stream.splice(into: pipe, count: count)
  }

  func splice(from pipe: Pipe, hasMore: Bool = false) -> StreamResult {
    stream.splice(from: pipe, hasMore: hasMore)
  }

  func send(_ file: OutgoingFile, count: Int = Int.max) -> StreamResult {
    file.send(on: stream, count: count)
  }

  /// Tells the pace of bytes that were moved on this stream.
  func move(
    _ count: Int, left: Int, target: Int, nowNanoseconds: Int64, _ pace: inout ReadPace,
    _ timeout: Timeout
  ) {
    pace.onMoved(
      count, left: left, target: target, on: stream, nowNanoseconds: nowNanoseconds, timeout)
  }

  func pause(_ pace: inout ReadPace) { pace.onPaused(on: stream) }

  func hasInput() -> Bool { stream.hasInputOrEnded() }
  func shutDownWrites() { stream.shutDownWrites() }
  func abortOnClose() { stream.abortOnClose() }
  func close() { stream.close() }
}
