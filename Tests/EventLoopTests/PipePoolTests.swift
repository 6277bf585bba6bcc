import Glibc
import Testing

@testable import EventLoop

@Suite struct PipePoolTests {
  private static let bytes = 65536

  private func makePool(_ loop: EventLoop, pipesMax: Int = 2) -> PipePool {
    PipePool(loop: loop, pipesMax: pipesMax, pipeBytes: Self.bytes)
  }

  /// Puts so many bytes into a pipe, as a stream would.
  private func fill(_ pipe: Pipe, _ count: Int) {
    let (left, right) = socketPair()
    let (source, target) = (End(left), End(right))
    #expect(source.write([UInt8](repeating: 1, count: count)) == .moved(count))
    #expect(target.splice(into: pipe, count: count) == .moved(count))
  }

  /// A pipe's other end of reading, which sees the end once the pipe itself is closed.
  private func witness(of pipe: Pipe) -> Int32 {
    fcntl(pipe.readEnd, F_DUPFD_CLOEXEC, 0)
  }

  /// What is left in a pipe whose every other descriptor is closed; nil where one is not.
  private func rest(_ witness: Int32) -> Int? {
    defer { close(witness) }
    var space = [UInt8](repeating: 0, count: Self.bytes)
    var total = 0
    let isEnded = eventually {
      let count = read(witness, &space, space.count)
      if count > 0 { total += count }
      return count == 0
    }
    return isEnded ? total : nil
  }

  @Test func `there are no more pipes than the pool may have`() throws {
    let pool = makePool(try EventLoop(), pipesMax: 3)
    let pipes = (0..<3).compactMap { _ in pool.take() }
    #expect(pipes.count == 3)
    #expect(Set(pipes.map { ObjectIdentifier($0) }).count == 3)
    #expect(pool.take() == nil)
    #expect(pool.take() == nil)
    pool.giveBack(pipes[1])
    #expect(pool.take() === pipes[1])
    #expect(pool.take() == nil)
  }

  @Test func `a pool that may have none gives none`() throws {
    #expect(makePool(try EventLoop(), pipesMax: 0).take() == nil)
  }

  @Test func `a pipe has the size of its pool, and is empty`() throws {
    let pool = PipePool(loop: try EventLoop(), pipesMax: 1, pipeBytes: 1 << 18)
    #expect(pool.bytesMax == 1 << 18)
    let pipe = try #require(pool.take())
    #expect(pipe.count == 0)
    let size = fcntl(pipe.writeEnd, 1032 /* F_GETPIPE_SZ */)
    #expect(size == 1 << 18)
  }

  @Test func `the pipe that was used last is taken first`() throws {
    let pool = makePool(try EventLoop())
    let first = try #require(pool.take())
    let second = try #require(pool.take())
    pool.giveBack(second)
    pool.giveBack(first)
    #expect(pool.take() === first)
    #expect(pool.take() === second)
  }

  @Test func `a pipe that holds bytes is closed, and another one may be made`() throws {
    let pool = makePool(try EventLoop(), pipesMax: 1)
    var pipe = pool.take()
    weak let former = pipe
    let kept = try #require(pipe)
    fill(kept, 5)
    let witness = witness(of: kept)
    pipe = nil
    withExtendedLifetime(kept) { pool.giveBack(kept) }
    _ = consume kept
    #expect(former == nil)
    #expect(rest(witness) == 5)
    let next = try #require(pool.take())
    #expect(next.count == 0)
    #expect(pool.take() == nil)
  }

  @Test func `a pipe that was emptied is kept, with nothing in it`() throws {
    let pool = makePool(try EventLoop(), pipesMax: 1)
    let pipe = try #require(pool.take())
    fill(pipe, 5)
    let (left, right) = socketPair()
    let (sink, target) = (End(left), End(right))
    #expect(sink.splice(from: pipe) == .moved(5))
    #expect(target.readAll(5).count == 5)
    pool.giveBack(pipe)
    #expect(pool.take() === pipe)
  }

  // MARK: The kernel's refusal

  @Test func `a size that the kernel does not give is no pipe, and leaves nothing open`() async {
    await #expect(processExitsWith: .success) {
      let before = lowestFreeDescriptor()
      #expect(Pipe(bytes: Int.max) == nil)
      #expect(lowestFreeDescriptor() == before)
    }
  }

  @Test func `a kernel that refused is asked again when a pipe has come back`() async {
    await #expect(processExitsWith: .success) {
      let pool = PipePool(loop: try EventLoop(), pipesMax: 4, pipeBytes: 65536)
      let first = try #require(pool.take())
      withoutFreeDescriptors { #expect(pool.take() == nil) }
      // Not for each body: asking costs a system call.
      #expect(pool.take() == nil)
      pool.giveBack(first)
      #expect(pool.take() === first)
      #expect(pool.take() != nil)
      #expect(pool.take() != nil)
      #expect(pool.take() != nil)
      #expect(pool.take() == nil)
    }
  }

  @Test func `a kernel that refused is asked again after a while, with no pipe to come back`()
    async
  {
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop()
      let pool = PipePool(loop: loop, pipesMax: 1, pipeBytes: 65536)
      withoutFreeDescriptors { #expect(pool.take() == nil) }
      #expect(pool.take() == nil)
      let probe = Probe()
      let timeout = Timeout(owner: probe, loop: loop)
      probe.reactToTimeout = { _ in loop.stop() }
      timeout.set(atNanoseconds: loop.nowNanoseconds + milliseconds(80))
      loop.run()
      #expect(pool.take() != nil)
    }
  }

  // MARK: Time

  @Test func `pipes that nobody wants are closed after a while, and those in use are not`()
    throws
  {
    let loop = try EventLoop()
    let pool = makePool(loop, pipesMax: 3)
    var pipes = (0..<3).compactMap { _ in pool.take() }
    #expect(pipes.count == 3)
    let witnesses = pipes.map(witness)
    weak let used = pipes[0]
    weak let idle = pipes[1]
    let given = loop.nowNanoseconds
    pool.giveBack(pipes[1])
    pool.giveBack(pipes[2])
    let held = pipes[0]
    pipes = []
    let (early, late) = (Probe(), Probe())
    early.reactToTimeout = { _ in
      if loop.nowNanoseconds < given + milliseconds(50) { #expect(idle != nil) }
    }
    late.reactToTimeout = { _ in loop.stop() }
    let (earlyTimeout, lateTimeout) = (
      Timeout(owner: early, loop: loop), Timeout(owner: late, loop: loop)
    )
    earlyTimeout.set(atNanoseconds: given + milliseconds(25))
    lateTimeout.set(atNanoseconds: given + milliseconds(120))
    loop.run()
    #expect(idle == nil)
    #expect(used != nil)
    for witness in witnesses.dropFirst() { #expect(rest(witness) == 0) }
    close(witnesses[0])
    // Their number is free again.
    let others = (0..<3).compactMap { _ in pool.take() }
    #expect(others.count == 2)
    #expect(!others.contains { $0 === held })
  }

  @Test func `a pipe that comes back puts the closing off`() throws {
    let loop = try EventLoop()
    let pool = makePool(loop, pipesMax: 1)
    let probe = Probe()
    let timeout = Timeout(owner: probe, loop: loop)
    let start = loop.nowNanoseconds
    weak var idle: Pipe?
    do {
      let pipe = try #require(pool.take())
      idle = pipe
      pool.giveBack(pipe)
    }
    var last = start
    var isLate = false
    probe.reactToTimeout = { timeout in
      // On a machine that stands still for so long it may well be closed.
      if loop.nowNanoseconds - last >= milliseconds(50) { isLate = true }
      if isLate || loop.nowNanoseconds - start > milliseconds(150) { return loop.stop() }
      if let pipe = pool.take() { pool.giveBack(pipe) }
      last = loop.nowNanoseconds
      timeout.set(atNanoseconds: last + milliseconds(10))
    }
    timeout.set(atNanoseconds: start + milliseconds(10))
    loop.run()
    if !isLate { #expect(idle != nil) }
  }
}
