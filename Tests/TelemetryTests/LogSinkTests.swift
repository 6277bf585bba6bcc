import Glibc
import Testing

@testable import Telemetry

@Suite struct LogSinkTests {
  private func makeSink(_ pipe: Pipe, ringBytes: Int = 1 << 20) -> LogSink {
    LogSink(
      output: LogOutput(descriptor: pipe.target, isOwned: false), path: "", ringBytes: ringBytes)
  }

  @Test func `lines of many workers arrive whole and in each worker's order`() throws {
    let directory = TemporaryDirectory()
    let sink = try LogSink(path: directory.path + "/log", ringBytes: 8 << 20)
    let workers = 4
    let each = 5000
    withThreads(workers) { worker in
      var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
      for number in 0..<each {
        buffer.write(line: "\(worker) \(number) \(String(repeating: "x", count: number % 97))")
        if buffer.shouldHandOver(nowNanoseconds: 0) || number % 101 == 0 { buffer.handOver() }
      }
      buffer.handOver()
    }
    #expect(sink.flushAndStop())
    #expect(sink.droppedLines == 0)
    var next = [Int](repeating: 0, count: workers)
    for line in try #require(lines(ofFile: directory.path + "/log")) {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      let worker = try #require(Int(words[0]))
      #expect(Int(words[1]) == next[worker])
      #expect(words[2].count == next[worker] % 97)
      next[worker] += 1
    }
    #expect(next.allSatisfy { $0 == each })
  }

  @Test func `a line is on disk soon after it was handed over`() throws {
    let directory = TemporaryDirectory()
    let sink = try LogSink(path: directory.path + "/log", ringBytes: 1 << 20)
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    for number in 0..<3 {
      buffer.write(line: "line \(number)")
      buffer.handOver()
      #expect(eventually { lines(ofFile: directory.path + "/log")?.count == number + 1 })
    }
    #expect(sink.flushAndStop())
  }

  @Test func `the file is private, appended to and made when it is missing`() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/log"
    for line in ["first", "second"] {
      let sink = try LogSink(path: path, ringBytes: 4096)
      var buffer = LogBuffer(sink: sink, lineBytesMax: 100)
      buffer.write(line: line)
      buffer.handOver()
      #expect(sink.flushAndStop())
    }
    #expect(lines(ofFile: path) == ["first", "second"])
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o137 == 0)
  }

  @Test func `a path that does not open is a fault with its errno`() {
    #expect(throws: LogSinkError.cannotOpen(path: "/nowhere/log", errorNumber: ENOENT)) {
      _ = try LogSink(path: "/nowhere/log", ringBytes: 4096)
    }
  }

  @Test(arguments: [false, true])
  func `a blocked pipe never blocks a worker, and what does not fit is counted`(
    isNonBlocking: Bool
  ) throws {
    let pipe = Pipe(isTargetNonBlocking: isNonBlocking)
    let ringBytes = 65536
    let sink = makeSink(pipe, ringBytes: ringBytes)
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    let total = 4096
    let started = clock(CLOCK_MONOTONIC)
    for number in 0..<total {
      buffer.write(line: "\(number) \(String(repeating: "x", count: 100))")
      if number % 8 == 7 { buffer.handOver() }
    }
    #expect(clock(CLOCK_MONOTONIC) - started < 1_000_000_000)
    #expect(sink.droppedLines > 0)

    // The reader comes back: what fitted arrives, whole, and what comes then arrives too.
    let held = total - Int(sink.droppedLines)
    let received = try #require(wholeLines(pipe.read { $0.count { $0 == 0x0a } == held }))
    #expect(received.count == held)
    let numbers = received.map { Int($0.prefix { $0 != " " }) ?? -1 }
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
    buffer.write(line: "after")
    buffer.handOver()
    #expect(wholeLines(pipe.read { $0.count == 6 }) == ["after"])
    #expect(sink.flushAndStop())
  }

  @Test func `a blocked pipe costs no processor time`() {
    let pipe = Pipe(isTargetNonBlocking: true)
    let sink = makeSink(pipe)
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    for _ in 0..<100 { buffer.write(line: String(repeating: "x", count: 2000)) }
    buffer.handOver()
    usleep(50_000)
    var logThread = clockid_t()
    #expect(pthread_getcpuclockid(sink.thread, &logThread) == 0)
    let before = clock(logThread)
    usleep(300_000)
    #expect(clock(logThread) - before < 30_000_000)
    #expect(!sink.flushAndStop(timeoutMilliseconds: 1))
    // The log thread must have let go of the pipe before its descriptor is closed.
    #expect(eventually { sink.droppedLines > 0 })
  }

  @Test func `a reader that is gone costs lines, not the process`() {
    let pipe = Pipe()
    let sink = makeSink(pipe)
    pipe.closeSource()
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    for round in 1...3 {
      for _ in 0..<10 { buffer.write(line: "nobody reads this") }
      buffer.handOver()
      #expect(eventually { sink.droppedLines == UInt64(round * 10) })
    }
    #expect(sink.flushAndStop())
  }

  @Test func `a full disk costs lines, and each later one is tried again`() throws {
    let sink = try LogSink(path: "/dev/full", ringBytes: 65536)
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    for round in 1...3 {
      buffer.write(line: "there is no room for this")
      buffer.handOver()
      #expect(eventually { sink.droppedLines == UInt64(round) })
    }
    #expect(sink.flushAndStop())
  }

  @Test func `a line that was torn by a failure is not glued to the next one`() {
    let pipe = Pipe(isTargetNonBlocking: true)
    var output = LogOutput(descriptor: pipe.target, isOwned: false)
    let long = [UInt8](repeating: 0x78, count: 1 << 20)
    let taken = write(long, to: &output)
    #expect(taken != nil)
    #expect(pipe.read { $0.count == taken }.count == taken)
    pipe.closeSource()
    signal(SIGPIPE, SIG_IGN)
    #expect(write(Array("xx\nlost\n".utf8), to: &output) == nil)
    // The descriptor works again: a reader as after a full disk.
    let second = Pipe()
    #expect(dup2(second.target, pipe.target) == pipe.target)
    #expect(write(Array("next\n".utf8), to: &output) == 5)
    #expect(second.read { $0.count == 6 } == Array("\nnext\n".utf8))
  }

  @Test func `rotation by renaming loses and tears no line`() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/log"
    let sink = try LogSink(path: path, ringBytes: 1 << 20)
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    for number in 0..<2000 {
      buffer.write(line: "line \(number)")
      if number % 10 == 0 { buffer.handOver() }
      if number == 1000 {
        #expect(rename(path, path + ".1") == 0)
        try sink.reopen()
      }
    }
    buffer.handOver()
    #expect(sink.flushAndStop())
    let old = try #require(lines(ofFile: path + ".1"))
    let new = try #require(lines(ofFile: path))
    #expect(new.count >= 999)
    #expect(old + new == (0..<2000).map { "line \($0)" })
  }

  @Test func `a reopened log lets go of the old file even when nothing is logged`() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/log"
    let sink = try LogSink(path: path, ringBytes: 4096)
    #expect(rename(path, path + ".1") == 0)
    #expect(descriptors(of: path + ".1") == 1)
    try sink.reopen()
    #expect(eventually { descriptors(of: path + ".1") == 0 })
    #expect(sink.flushAndStop())
  }

  @Test func `truncating the file in place tears no line`() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/log"
    let sink = try LogSink(path: path, ringBytes: 1 << 20)
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    for number in 0..<2000 {
      buffer.write(line: "line \(number)")
      if number % 10 == 0 { buffer.handOver() }
      if number % 500 == 0 { #expect(truncate(path, 0) == 0) }
    }
    buffer.handOver()
    #expect(sink.flushAndStop())
    let left = try #require(lines(ofFile: path))
    #expect(left.allSatisfy { $0.hasPrefix("line ") })
    #expect(left.last == "line 1999")
  }

  @Test func `stopping writes all that is queued, and later lines are counted as dropped`() throws {
    let directory = TemporaryDirectory()
    let sink = try LogSink(path: directory.path + "/log", ringBytes: 8 << 20)
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    for _ in 0..<5000 { buffer.write(line: String(repeating: "x", count: 1000)) }
    buffer.handOver()
    #expect(sink.flushAndStop())
    #expect(lines(ofFile: directory.path + "/log")?.count == 5000)
    buffer.write(line: "late")
    buffer.handOver()
    #expect(sink.droppedLines == 1)
    #expect(sink.flushAndStop())
  }

  @Test func `stopping does not wait for a reader that never comes`() {
    let pipe = Pipe(isTargetNonBlocking: true)
    let sink = makeSink(pipe)
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    for _ in 0..<100 { buffer.write(line: String(repeating: "x", count: 2000)) }
    buffer.handOver()
    let started = clock(CLOCK_MONOTONIC)
    #expect(!sink.flushAndStop(timeoutMilliseconds: 50))
    #expect(clock(CLOCK_MONOTONIC) - started < 1_000_000_000)
    #expect(eventually { sink.droppedLines > 0 })
  }

  // MARK: Helpers

  /// Writes in two parts, as the ring has them where it wraps; nil when it failed.
  private func write(_ bytes: [UInt8], to output: inout LogOutput) -> Int? {
    bytes.withUnsafeBytes { bytes in
      let middle = bytes.count / 2
      let result = output.write(
        UnsafeRawBufferPointer(rebasing: bytes[..<middle]),
        UnsafeRawBufferPointer(rebasing: bytes[middle...]))
      if case .wrote(let count) = result { return count }
      return nil
    }
  }

  private func clock(_ clock: clockid_t) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// How many of this process's descriptors have the file open.
  private func descriptors(of path: String) -> Int {
    names(in: "/proc/self/fd").count { name in
      var target = [UInt8](repeating: 0, count: 4096)
      let count = target.withUnsafeMutableBytes {
        readlink("/proc/self/fd/\(name)", $0.bindMemory(to: CChar.self).baseAddress!, $0.count)
      }
      return count > 0 && String(decoding: target[..<count], as: UTF8.self) == path
    }
  }

  private func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names.filter { !$0.hasPrefix(".") }
  }
}

/// Runs `body` on so many threads at once and waits for all of them.
private func withThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Start: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Void
    init(_ index: Int, _ body: @escaping @Sendable (Int) -> Void) {
      self.index = index
      self.body = body
    }
  }
  let threads = (0..<count).map { index in
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { start in
        let start = Unmanaged<Start>.fromOpaque(start!).takeRetainedValue()
        start.body(start.index)
        return nil
      }, Unmanaged.passRetained(Start(index, body)).toOpaque())
    precondition(failure == 0)
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
}
