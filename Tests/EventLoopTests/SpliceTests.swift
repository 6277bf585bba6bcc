import Glibc
import Testing

@testable import EventLoop

/// Bytes that go from one socket to another through a pipe.
@Suite struct SpliceTests {
  private func pipe(_ bytes: Int = 65536) throws -> Pipe { try #require(Pipe(bytes: bytes)) }

  @Test(arguments: Link.allCases)
  func `bytes come out of a pipe as they went in, and in their order`(link: Link) throws {
    let (source, entrance) = try link.make()
    let (exit, target) = try link.make()
    let ends = [source, entrance, exit, target].map(End.init)
    let pipe = try pipe()
    let bytes = pattern(1_000_000)
    var (sent, received) = (0, [UInt8]())
    for _ in 0..<100_000 where received.count < bytes.count {
      if case .moved(let count) = ends[0].write(
        Array(bytes[sent..<min(sent + 50_000, bytes.count)])
      ) {
        sent += count
      }
      if pipe.count == 0 { _ = ends[1].splice(into: pipe, count: 30_000) }
      #expect(pipe.count <= 30_000)
      if pipe.count > 0 { _ = ends[2].splice(from: pipe) }
      received += ends[3].read(atMost: 20_000).1
    }
    let isSame = received == bytes
    #expect(isSame)
    #expect(pipe.count == 0)
  }

  @Test(arguments: Link.allCases)
  func `no more goes into a pipe than was asked for, nor than there is`(link: Link) throws {
    let (left, right) = try link.make()
    let (source, target) = (End(left), End(right))
    let pipe = try pipe()
    #expect(source.write(Array("penstock".utf8)) == .moved(8))
    #expect(target.waits(for: POLLIN))
    #expect(target.splice(into: pipe, count: 3) == .moved(3))
    #expect(pipe.count == 3)
    #expect(target.read() == (.moved(5), Array("stock".utf8)))
    // Back on the same socket, for it goes both ways.
    #expect(target.splice(from: pipe) == .moved(3))
    #expect(pipe.count == 0)
    #expect(source.readAll(3) == Array("pen".utf8))
    #expect(source.write([1, 2]) == .moved(2))
    #expect(target.waits(for: POLLIN))
    #expect(target.splice(into: pipe, count: 65536) == .moved(2))
  }

  @Test(arguments: Link.allCases)
  func `a pipe takes no more than its size`(link: Link) throws {
    let (left, right) = try link.make()
    let (source, target) = (End(left), End(right))
    let pipe = try pipe(4096)
    var sent = 0
    while sent < 100_000, case .moved(let count) = source.write(pattern(10_000)) { sent += count }
    #expect(target.waits(for: POLLIN))
    guard case .moved(let count) = target.splice(into: pipe, count: sent) else {
      Issue.record("nothing went into the pipe")
      return
    }
    // Its size is one of pages, each of which holds one piece.
    #expect(count > 0 && count < sent)
    #expect(pipe.count == count)
  }

  @Test(arguments: Link.allCases)
  func `nothing there would block, and an end comes behind the last byte`(link: Link) throws {
    let (left, right) = try link.make()
    let (source, target) = (End(left), End(right))
    let pipe = try pipe()
    #expect(target.splice(into: pipe, count: 100) == .wouldBlock)
    #expect(source.write(Array("last".utf8)) == .moved(4))
    source.shutDownWrites()
    #expect(target.waits(for: POLLIN))
    #expect(target.splice(into: pipe, count: 100) == .moved(4))
    #expect(target.splice(from: pipe) == .moved(4))
    #expect(eventually { target.splice(into: pipe, count: 100) == .ended })
    #expect(target.splice(into: pipe, count: 100) == .ended)
    #expect(pipe.count == 0)
    #expect(source.readAll(4) == Array("last".utf8))
  }

  @Test(arguments: Link.allCases)
  func `a stream that is full takes a part, and the rest when there is room`(link: Link) throws {
    let (exit, far) = try link.make()
    let (sink, target) = (End(exit), End(far))
    let (near, entrance) = socketPair()
    let (source, filler) = (End(near), End(entrance))
    let run = pattern(100_003)
    let bytes = (0..<80).flatMap { _ in run }
    let pipe = try pipe()
    var (sent, passed, received) = (0, 0, [UInt8]())
    var (parts, blocks) = (0, 0)
    for _ in 0..<100_000 where received.count < bytes.count {
      if pipe.count == 0, sent < bytes.count {
        let next = Array(bytes[sent..<min(sent + 40_000, bytes.count)])
        if case .moved(let count) = source.write(next) { sent += count }
        _ = filler.splice(into: pipe, count: 65536)
      }
      while pipe.count > 0 {
        let before = pipe.count
        guard case .moved(let count) = sink.splice(from: pipe) else { break }
        #expect(pipe.count == before - count)
        passed += count
        if pipe.count > 0 { parts += 1 }
      }
      if pipe.count > 0 {
        blocks += 1
        #expect(sink.splice(from: pipe) == .wouldBlock)
      }
      if pipe.count > 0 || sent == bytes.count {
        received += target.readAll(passed - received.count)
      }
    }
    let isSame = received == bytes
    #expect(isSame)
    #expect(blocks > 0)
    // The kernel takes all of a pipe or nothing where both ends are of this machine alone.
    if link == .tcp { #expect(parts > 0) }
  }

  @Test func `with more to follow a piece waits for it, and is not lost`() throws {
    let (left, right) = try Link.tcp.make()
    let (sink, target) = (End(left), End(right))
    let (near, entrance) = socketPair()
    let (source, filler) = (End(near), End(entrance))
    let pipe = try pipe()
    #expect(source.write(Array("first".utf8)) == .moved(5))
    #expect(filler.splice(into: pipe, count: 5) == .moved(5))
    let start = Clock.monotonicNanoseconds()
    #expect(sink.splice(from: pipe, hasMore: true) == .moved(5))
    usleep(5_000)
    let hasCome = target.hasInput()
    // The kernel keeps it for 200 ms at the most.
    if Clock.monotonicNanoseconds() - start < milliseconds(100) { #expect(!hasCome) }
    #expect(sink.write(Array(" then".utf8)) == .moved(5))
    #expect(target.readAll(10) == Array("first then".utf8))
    // Without more it leaves at once.
    #expect(source.write(Array("alone".utf8)) == .moved(5))
    #expect(filler.splice(into: pipe, count: 5) == .moved(5))
    #expect(sink.splice(from: pipe, hasMore: false) == .moved(5))
    #expect(target.readAll(5) == Array("alone".utf8))
  }

  @Test func `a reset is told as such, in either direction`() async throws {
    let (accepted, connected) = try tcpPair()
    let (target, source) = (End(accepted), End(connected))
    source.abortOnClose()
    source.close()
    let pipe = try pipe()
    #expect(target.waits(for: POLLIN))
    #expect(target.splice(into: pipe, count: 10) == .failed(.reset(ECONNRESET)))
    #expect(pipe.count == 0)
    // In a process of its own: splice(2) knows no MSG_NOSIGNAL.
    await #expect(processExitsWith: .success) {
      signal(SIGPIPE, SIG_IGN)
      let (left, right) = socketPair()
      let (source, target) = (End(left), End(right))
      let pipe = try #require(Pipe(bytes: 65536))
      #expect(source.write([1, 2, 3]) == .moved(3))
      #expect(target.splice(into: pipe, count: 3) == .moved(3))
      source.close()
      #expect(target.splice(from: pipe) == .failed(.reset(EPIPE)))
      #expect(pipe.count == 3)
    }
  }

  // MARK: What cannot happen

  @Test func `filling a pipe that is not empty is a bug`() async {
    await #expect(processExitsWith: .failure) {
      let (left, right) = socketPair()
      let (source, target) = (End(left), End(right))
      let pipe = try #require(Pipe(bytes: 65536))
      _ = source.write([1, 2])
      _ = target.splice(into: pipe, count: 1)
      _ = target.splice(into: pipe, count: 1)
    }
  }

  @Test func `emptying a pipe that is empty is a bug`() async {
    await #expect(processExitsWith: .failure) {
      let (left, _) = socketPair()
      _ = End(left).splice(from: try #require(Pipe(bytes: 65536)))
    }
  }
}
