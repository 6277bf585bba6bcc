import CSystem
import Glibc

/// A part of a file that is sent behind what is in a buffer: by sendfile where the stream is plain,
/// else in pieces. Owns the descriptor. Used by its loop's thread only, but for `readAhead`.
// Sendable: `readAhead` reads what does not change while it runs, for nothing is sent meanwhile.
public final class OutgoingFile: @unchecked Sendable {
  let descriptor: Int32
  var offset: Int
  /// Bytes still to be sent.
  public private(set) var left: Int

  /// Takes over a descriptor of a regular file that holds `count` bytes from `offset` on.
  public init(descriptor: Int32, offset: Int, count: Int) {
    self.descriptor = descriptor
    self.offset = offset
    left = count
  }

  deinit { close(descriptor) }

  /// Sends at most `count` bytes on a plain stream; `ended` where the file is shorter than it was.
  public func send(on stream: borrowing ByteStream, count: Int) -> StreamResult {
    let result = stream.sendFile(descriptor, offset: &offset, count: min(count, left))
    if case .moved(let moved) = result { left -= moved }
    return result
  }

  /// True where the next `count` bytes can be sent without waiting for a disk.
  public func isResident(count: Int) -> Bool {
    cs_is_resident(descriptor, off_t(offset), min(count, left)) != 0
  }

  /// Has the next `count` bytes read from the disk, and waits for them. For a helper thread, while
  /// nothing is sent. Returns 0, or errno; that the file is shorter is told by the sending.
  public func readAhead(count: Int) -> Int32 {
    var space = [UInt8](repeating: 0, count: 1 << 16)
    var position = offset
    let end = offset + min(count, left)
    while position < end {
      let moved = pread(descriptor, &space, min(space.count, end - position), off_t(position))
      if moved < 0, errno == EINTR { continue }
      if moved < 0 { return errno }
      if moved == 0 { return 0 }
      position += moved
    }
    return 0
  }

  /// Whether an errno of `send` tells of the file, and not of the peer.
  public static func isOfDisk(_ number: Int32) -> Bool {
    number == EIO || number == EINVAL || number == EOVERFLOW || number == ENOMEM
  }

  /// Reads the next piece, for a stream that must see the bytes. Returns their number; 0 where the
  /// file is shorter than it was, or cannot be read.
  public func read(into space: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = pread(descriptor, space.baseAddress, min(space.count, left), off_t(offset))
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return 0 }
      offset += count
      left -= count
      return count
    }
  }
}
