import Glibc
import Testing

@testable import EventLoop

/// What is written into a spool file, and how it is sent: by sendfile, and by reading.
@Suite struct OutgoingFileTests {
  private func spooled(_ bytes: [UInt8], piece: Int = Int.max) throws -> SpoolFile {
    let file = try #require(SpoolFile(in: "/tmp"))
    var start = 0
    while start < bytes.count {
      let end = bytes.count - start > piece ? start + piece : bytes.count
      let isWritten = bytes[start..<end].withUnsafeBytes { file.append($0) }
      #expect(isWritten)
      start = end
      #expect(file.count == start)
    }
    return file
  }

  /// All that a file sends on a socket, `count` bytes a call.
  private func sent(_ file: OutgoingFile, _ link: Link, count: Int = Int.max) throws -> [UInt8] {
    let (left, right) = try link.make()
    let (sink, target) = (End(left), End(right))
    var received: [UInt8] = []
    let whole = file.left
    while file.left > 0 {
      let before = file.left
      switch sink.send(file, count: count) {
      case .moved(let moved):
        #expect(moved <= count && file.left == before - moved)
      case .wouldBlock:
        #expect(file.left == before)
        received += target.readAll(whole - before - received.count)
      case let other:
        Issue.record("\(other)")
        return received
      }
    }
    sink.close()
    return received + target.readAll()
  }

  /// All that a file gives to be read, `room` bytes a call.
  private func read(_ file: OutgoingFile, room: Int) -> [UInt8] {
    var all: [UInt8] = []
    var space = [UInt8](repeating: 0, count: room)
    while file.left > 0 {
      let before = file.left
      let count = space.withUnsafeMutableBytes { file.read(into: $0) }
      #expect(file.left == before - count)
      if count == 0 { break }
      all += space[..<count]
    }
    return all
  }

  // MARK: A spool file

  @Test func `a file holds what was written to it, piece by piece`() throws {
    let bytes = pattern(100_000)
    for piece in [1_000, 65_536, Int.max] {
      let content = try #require(spooled(bytes, piece: piece).content())
      #expect(content.left == bytes.count)
      let isSame = read(content, room: 4096) == bytes
      #expect(isSame)
    }
  }

  @Test func `nothing may be written, and nothing is read then`() throws {
    let file = try #require(SpoolFile(in: "/tmp"))
    #expect(file.append(UnsafeRawBufferPointer(start: nil, count: 0)))
    #expect(file.count == 0)
    let content = try #require(file.content())
    #expect(content.left == 0)
    #expect(read(content, room: 100) == [])
  }

  @Test func `its content may be asked for again, each time from the beginning`() throws {
    let bytes = pattern(50_000)
    let file = try spooled(bytes)
    let first = try #require(file.content())
    let second = try #require(file.content())
    // In turns, so that one would lose what the other takes.
    var (left, right) = ([UInt8](), [UInt8]())
    var space = [UInt8](repeating: 0, count: 700)
    while first.left > 0 || second.left > 0 {
      left += space[..<space.withUnsafeMutableBytes { first.read(into: $0) }]
      right += space[..<space.withUnsafeMutableBytes { second.read(into: $0) }]
    }
    let areSame = left == bytes && right == bytes
    #expect(areSame)
    let third = try sent(try #require(file.content()), .tcp) == bytes
    #expect(third)
  }

  @Test func `its content outlives it, and what is appended later is not in it`() throws {
    let bytes = pattern(10_000)
    var content: OutgoingFile?
    do {
      let file = try spooled(bytes)
      content = file.content()
      #expect(bytes.withUnsafeBytes { file.append($0) })
      #expect(file.count == 20_000)
    }
    let isSame = read(try #require(content), room: 100_000) == bytes
    #expect(isSame)
  }

  @Test func `a directory that is not there takes no file`() {
    #expect(SpoolFile(in: "/nowhere/at/all") == nil)
    #expect(SpoolFile(in: "/dev/null") == nil)
  }

  @Test func `a file has no name, and goes with its descriptor`() async {
    await #expect(processExitsWith: .success) {
      // Others open and close descriptors meanwhile, but no files without a name.
      #expect(namelessFiles().isEmpty)
      do {
        let file = try #require(SpoolFile(in: "/tmp"))
        #expect([1, 2, 3].withUnsafeBytes { file.append($0) })
        #expect(namelessFiles() == [0o600])
        #expect(file.content() != nil)
      }
      #expect(namelessFiles().isEmpty)
    }
  }

  @Test func `a disk that is full is told, not trapped on`() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let file = try #require(SpoolFile(in: "/tmp"))
      let bytes = [UInt8](repeating: 1, count: 3000)
      #expect(bytes.withUnsafeBytes { file.append($0) })
      #expect(!bytes.withUnsafeBytes { file.append($0) })
    }
  }

  @Test func `without a descriptor to be had there is no content`() async {
    await #expect(processExitsWith: .success) {
      let file = try #require(SpoolFile(in: "/tmp"))
      withoutFreeDescriptors {
        #expect(file.content() == nil)
        #expect(SpoolFile(in: "/tmp") == nil)
      }
    }
  }

  // MARK: Sending

  @Test(arguments: Link.allCases, [1_000, 65_536, Int.max])
  func `a file is sent whole, however much a call may send`(link: Link, count: Int) throws {
    let bytes = pattern(1_000_000)
    let file = try #require(spooled(bytes).content())
    let isSame = try sent(file, link, count: count) == bytes
    #expect(isSame)
    #expect(file.left == 0)
  }

  @Test(arguments: [1, 4096, 1_000_000])
  func `a part of a file is sent or read, and no more`(room: Int) throws {
    let bytes = pattern(30_000)
    for range in [0..<30_000, 10_000..<20_000, 29_999..<30_000, 5..<5] {
      for reads in [true, false] {
        let copy = try #require(spooled(bytes).content())
        let descriptor = fcntl(copy.descriptor, F_DUPFD_CLOEXEC, 0)
        let part = OutgoingFile(
          descriptor: descriptor, offset: range.lowerBound, count: range.count)
        let all = reads ? read(part, room: room) : try sent(part, .unix, count: room)
        let isSame = all == Array(bytes[range])
        #expect(isSame, "\(range)")
      }
    }
  }

  @Test func `sending and reading may take turns`() throws {
    let bytes = pattern(3_000)
    let file = try #require(spooled(bytes).content())
    let (left, right) = try Link.tcp.make()
    let (sink, target) = (End(left), End(right))
    #expect(sink.send(file, count: 1_000) == .moved(1_000))
    var space = [UInt8](repeating: 0, count: 1_000)
    #expect(space.withUnsafeMutableBytes { file.read(into: $0) } == 1_000)
    #expect(space == Array(bytes[1_000..<2_000]))
    #expect(sink.send(file, count: 5_000) == .moved(1_000))
    #expect(target.readAll(2_000) == Array(bytes[..<1_000] + bytes[2_000...]))
    #expect(file.left == 0)
  }

  @Test func `a file that is shorter than was told has ended, behind what there is of it`()
    throws
  {
    let bytes = pattern(5_000)
    for reads in [true, false] {
      let whole = try #require(spooled(bytes).content())
      let descriptor = fcntl(whole.descriptor, F_DUPFD_CLOEXEC, 0)
      let file = OutgoingFile(descriptor: descriptor, offset: 0, count: 6_000)
      let (left, right) = try Link.tcp.make()
      let (sink, target) = (End(left), End(right))
      if reads {
        #expect(read(file, room: 4096) == bytes)
        #expect(file.left == 1_000)
      } else {
        #expect(sink.send(file) == .moved(5_000))
        #expect(sink.send(file) == .ended)
        #expect(sink.send(file) == .ended)
        #expect(file.left == 1_000)
        #expect(target.readAll(5_000) == bytes)
      }
    }
  }

  @Test func `what cannot be read gives nothing`() throws {
    let file = OutgoingFile(
      descriptor: open("/tmp", O_RDONLY | O_CLOEXEC), offset: 0, count: 100)
    #expect(read(file, room: 100) == [])
    #expect(file.left == 100)
  }
}
