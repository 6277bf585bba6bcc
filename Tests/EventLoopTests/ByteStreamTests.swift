import Glibc
import Testing

@testable import EventLoop

@Suite struct ByteStreamTests {
  @Test func `bytes cross unchanged, and a read takes no more than it was given room for`() {
    let (left, right) = socketPair()
    let source = End(left)
    let target = End(right)
    #expect(source.write(Array("penstock".utf8)) == .moved(8))
    #expect(target.read(atMost: 3) == (.moved(3), Array("pen".utf8)))
    #expect(target.read() == (.moved(5), Array("stock".utf8)))
  }

  @Test func `a read with nothing there and a write with no room would block`() {
    let (left, right) = socketPair()
    let source = End(left)
    let target = End(right)
    #expect(target.read().0 == .wouldBlock)
    let block = [UInt8](repeating: 7, count: 65536)
    var sent = 0
    while case .moved(let count) = source.write(block) { sent += count }
    #expect(source.write(block) == .wouldBlock)
    var received = 0
    while case (.moved(let count), let bytes) = target.read(atMost: 65536) {
      received += count
      #expect(bytes.allSatisfy { $0 == 7 })
    }
    #expect(received == sent)
    guard case .moved = source.write(block) else {
      Issue.record("no room after all was read")
      return
    }
  }

  @Test func `a side that ended says so after its last byte, and can still be written to`() {
    let (left, right) = socketPair()
    let source = End(left)
    let target = End(right)
    #expect(source.write([1]) == .moved(1))
    source.shutDownWrites()
    #expect(target.read() == (.moved(1), [1]))
    #expect(target.read().0 == .ended)
    #expect(target.read().0 == .ended)
    #expect(target.write([2]) == .moved(1))
    #expect(source.read() == (.moved(1), [2]))
  }

  @Test func `a write to a closed peer fails, and raises no signal`() {
    let (left, right) = socketPair()
    let source = End(left)
    close(right)
    #expect(source.write([1]) == .failed(.reset(EPIPE)))
  }

  @Test func `a reset is told as such, by either way of making one`() throws {
    let (accepted, connected) = try tcpPair()
    let target = End(accepted)
    let source = End(connected)
    source.abortOnClose()
    source.close()
    #expect(source.descriptor == -1)
    #expect(target.read().0 == .failed(.reset(ECONNRESET)))

    // Closing over bytes that nobody read resets, too (RFC 1122 §4.2.2.13).
    let (second, other) = try tcpPair()
    let reader = End(other)
    let closer = End(second)
    #expect(reader.write([1, 2, 3]) == .moved(3))
    while !closer.hasInput() { usleep(100) }
    closer.close()
    #expect(reader.read().0 == .failed(.reset(ECONNRESET)))
  }

  @Test func `a look tells of bytes and of an end, and takes neither`() {
    let (left, right) = socketPair()
    let source = End(left)
    let target = End(right)
    #expect(!target.hasInput())
    #expect(source.write([9]) == .moved(1))
    #expect(target.hasInput())
    #expect(target.hasInput())
    #expect(target.read() == (.moved(1), [9]))
    #expect(!target.hasInput())
    source.close()
    #expect(target.hasInput())
    #expect(target.read().0 == .ended)
  }

  // MARK: What the peer has not taken

  @Test(arguments: Link.allCases)
  func `what the peer has not taken is counted, less and less while it reads`(link: Link) throws {
    let (left, right) = try link.make()
    let source = End(left)
    let target = End(right)
    #expect(source.unacknowledgedBytes == 0)
    let block = [UInt8](repeating: 7, count: 65536)
    while case .moved = source.write(block) {}
    let most = source.unacknowledgedBytes
    #expect(most > 0)
    // A socket that is full asks for more only when much of it has gone; the count tells before.
    #expect(eventually { source.unacknowledgedBytes < most || target.read().0 == .wouldBlock })
    #expect(source.unacknowledgedBytes < most)
    #expect(
      eventually {
        while case .moved = target.read(atMost: 65536).0 {}
        return source.unacknowledgedBytes == 0
      })
    #expect(target.unacknowledgedBytes == 0)
  }

  @Test func `a stream that has no such count has none to tell`() throws {
    let stream = ByteStream(descriptor: open("/dev/null", O_RDONLY | O_CLOEXEC))
    let count = stream.unacknowledgedBytes
    #expect(count == 0)
  }

  @Test func `a stream that goes away closes its descriptor`() {
    let (left, right) = socketPair()
    do {
      let stream = ByteStream(descriptor: left)
      let isTLS = stream.isTLS
      #expect(!isTLS)
    }
    let target = End(right)
    #expect(target.read().0 == .ended)
  }
}
