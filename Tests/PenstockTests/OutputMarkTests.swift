import EventLoop
import Glibc
import Telemetry
import Testing
import Wire

@testable import Penstock

/// What was appended to a client's output and is taken back.
@Suite struct OutputMarkTests {
  private static func client() throws -> ClientConnection {
    let sink = try LogSink(path: "/dev/null", ringBytes: 4096)
    let shared = SharedState(
      Configuration(listeners: []), sink: sink, files: nil, connectionsMax: 1, ownListeners: [],
      startUnixSeconds: 0)
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
    close(ends[1])
    return ClientConnection(
      try Worker(0, shared), .data, descriptor: ends[0], peer: .unix(path: ""), halfClose: .cancel)
  }

  @Test func `what was appended behind a mark is taken back, and nothing before it`() throws {
    let client = try Self.client()
    client.output.append("before" as StaticString)
    let mark = OutputMark(client)
    client.output.append(", behind" as StaticString)
    #expect(mark.rewind(client))
    #expect(text(client.output.span) == "before")
    client.output.append(", and anew" as StaticString)
    #expect(text(client.output.span) == "before, and anew")
    // It may be asked again.
    #expect(mark.rewind(client))
    #expect(text(client.output.span) == "before")
  }

  @Test func `an output that was empty is empty again`() throws {
    let client = try Self.client()
    let mark = OutputMark(client)
    #expect(mark.rewind(client))
    client.output.append([UInt8](repeating: 1, count: 100_000))
    #expect(mark.rewind(client))
    let isEmpty = client.output.isEmpty
    #expect(isEmpty)
  }

  @Test(arguments: [1, 6, 9, 14])
  func `once a byte has left, of whatever it was, nothing is taken back`(count: Int) throws {
    let client = try Self.client()
    client.output.append("before" as StaticString)
    let mark = OutputMark(client)
    client.output.append(", behind" as StaticString)
    client.output.consume(count)
    client.writtenBytes += count
    #expect(!mark.rewind(client))
    #expect(text(client.output.span) == "before, behind".dropFirst(count))
  }

  @Test func `a mark that was set behind bytes that have left counts from there`() throws {
    let client = try Self.client()
    client.output.append("before" as StaticString)
    client.output.consume(4)
    client.writtenBytes += 4
    let mark = OutputMark(client)
    client.output.append(", behind" as StaticString)
    #expect(mark.rewind(client))
    #expect(text(client.output.span) == "re")
  }

  @Test func `with a pipe behind the output nothing is taken back`() throws {
    let client = try Self.client()
    let mark = OutputMark(client)
    client.output.append("behind" as StaticString)
    client.pipe = client.worker.takePipe()
    #expect(client.pipe != nil)
    #expect(!mark.rewind(client))
    #expect(text(client.output.span) == "behind")
    client.dropTail()
    #expect(mark.rewind(client))
  }
}
