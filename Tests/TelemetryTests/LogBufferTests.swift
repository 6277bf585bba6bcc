import Glibc
import Testing

@testable import Telemetry

@Suite struct LogBufferTests {
  private let pipe = Pipe()

  private func makeSink() -> LogSink {
    LogSink(
      output: LogOutput(descriptor: pipe.target, isOwned: false), path: "", ringBytes: 1 << 20)
  }

  @Test func `a buffer is handed over when it is full`() {
    let sink = makeSink()
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    #expect(buffer.shouldHandOver(nowNanoseconds: 1 << 60) == false)
    let line = String(repeating: "x", count: 1023)
    for _ in 0..<31 { buffer.write(line: line, nowNanoseconds: 5) }
    #expect(buffer.shouldHandOver(nowNanoseconds: 5) == false)
    buffer.write(line: line, nowNanoseconds: 5)
    #expect(buffer.shouldHandOver(nowNanoseconds: 5) == true)
    buffer.handOver()
    #expect(buffer.isEmpty == true)
    #expect(buffer.shouldHandOver(nowNanoseconds: 1 << 60) == false)
    #expect(sink.flushAndStop())
  }

  @Test func `a buffer is handed over when its oldest line is 200 ms old`() {
    let sink = makeSink()
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    buffer.write(line: "a", nowNanoseconds: 1_000)
    buffer.write(line: "b", nowNanoseconds: 100_000_000)
    #expect(buffer.shouldHandOver(nowNanoseconds: 200_000_999) == false)
    #expect(buffer.shouldHandOver(nowNanoseconds: 200_001_000) == true)
    buffer.handOver()
    #expect(wholeLines(pipe.read { $0.count == 4 }) == ["a", "b"])
    #expect(sink.flushAndStop())
  }

  @Test func `a line over its bound is dropped and counted, and the next one is whole`() {
    let sink = makeSink()
    var buffer = LogBuffer(sink: sink, lineBytesMax: 10)
    buffer.write(line: "0123456789")
    buffer.bytes.append("01234")
    #expect(buffer.lineBytesLeft == 5)
    buffer.bytes.append("56789x")
    #expect(buffer.lineBytesLeft == 0)
    buffer.endLine(nowNanoseconds: 0)
    buffer.write(line: "next")
    buffer.handOver()
    #expect(wholeLines(pipe.read { $0.count == 16 }) == ["0123456789", "next"])
    #expect(sink.droppedLines == 1)
    #expect(sink.flushAndStop())
  }

  @Test func `a turn that logs without end does not make the buffer grow without end`() {
    let sink = makeSink()
    var buffer = LogBuffer(sink: sink, lineBytesMax: 8192)
    let line = String(repeating: "x", count: 8191)
    for _ in 0..<20 { buffer.write(line: line) }
    #expect(buffer.bytes.count < LogBuffer.bytesMax)
    let received = pipe.read { $0.count == 16 * 8192 }
    #expect(received.count == 16 * 8192)
    #expect(sink.flushAndStop())
  }
}
