import EventLoop
import Glibc
import Testing
import Wire

@testable import Upstream

/// Request bodies that go from another stream, or a file, to the upstream.
@Suite struct RequestUploadTests {
  /// A client's side of an upload: bytes that a test writes, and the stream that they come out of.
  private final class Client {
    private let ours: Int32
    var stream: ByteStream
    private var unsent: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
      var ends: [Int32] = [-1, -1]
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
      precondition(socketpair(AF_UNIX, kind, 0, &ends) == 0)
      ours = ends[0]
      stream = ByteStream(descriptor: ends[1])
      unsent = bytes[...]
    }

    deinit { close(ours) }

    /// Sends some of what is left, and its end behind the last of it.
    func push() {
      if unsent.isEmpty { return }
      let count = unsent.prefix(30_000).withUnsafeBytes {
        send(ours, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { unsent = unsent.dropFirst(count) }
      if unsent.isEmpty { shutdown(ours, Int32(SHUT_WR)) }
    }
  }

  private static func body(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(0x20 + ($0 &* 2_654_435_761) >> 13 & 0x3f) }
  }

  /// Waits until the server has got a request as it should be, and collects it in `received`.
  private func expect(_ scene: UpstreamScene, _ expected: [UInt8], while step: @escaping () -> Void)
  {
    var received: [UInt8] = []
    scene.wait("request of \(expected.count) bytes") {
      step()
      if scene.server.hasAccepted(1) { received += (scene.server.received(on: 0) ?? "").utf8 }
      return received.count >= expected.count
    }
    scene.act {
      let isSame = received == expected
      #expect(isSame)
    }
  }

  // MARK: From another stream

  @Test(arguments: [4, 0], [1_000, 20_000, Int.max])
  func `a body is moved from another stream, through a pipe or through the buffer`(
    pipesMax: Int, most: Int
  ) throws {
    let scene = try UpstreamScene(pipesMax: pipesMax)
    let exchange = scene.connected()
    let body = Self.body(min(500_000, most > 1_000 ? 500_000 : 50_000))
    let client = Client(body)
    let head = Array("PUT / HTTP/1.1\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
    var left = body.count
    var pipes = 0
    scene.act {
      exchange.connection?.beginRequest(isToHead: false)
      exchange.connection?.send(head.span)
    }
    expect(scene, head + body) {
      client.push()
      guard let connection = exchange.connection, left > 0, !connection.hasTail,
        connection.outputCount < 100_000
      else { return }
      let room = 100_000 - connection.outputCount
      let before = connection.outputCount
      let result = connection.moveBody(from: &client.stream, count: min(left, most), room: room)
      guard case .moved(let count) = result else { return #expect(result == .wouldBlock) }
      left -= count
      #expect(count <= min(most, pipesMax > 0 ? 1 << 16 : room))
      // Either is where the bytes are, and not both.
      if connection.hasTail { pipes += 1 }
      #expect(connection.outputCount == before + (connection.hasTail ? 0 : count))
      if left == 0 { connection.endRequest(isChunked: false) }
    }
    scene.act { scene.server.send(okAnswer, on: 0) }
    scene.wait("ended") { exchange.isEnded }
    scene.act { exchange.connection?.release() }
    scene.run()
    #expect(left == 0)
    #expect((pipes > 0) == (pipesMax > 0))
    #expect(scene.connector.counts.idle == 1)
  }

  @Test func `with all pipes in use the body goes through the buffer`() throws {
    let scene = try UpstreamScene(pipesMax: 1)
    let exchange = scene.connected()
    let body = Self.body(10)
    let client = Client(body)
    let pipe = scene.connector.pipes.take()
    #expect(pipe != nil)
    scene.act {
      client.push()
      exchange.connection?.beginRequest(isToHead: false)
      let result = exchange.connection?.moveBody(from: &client.stream, count: 10, room: 4)
      #expect(result == .moved(4))
      #expect(exchange.connection?.hasTail == false && exchange.connection?.outputCount == 4)
      if let pipe { scene.connector.pipes.giveBack(pipe) }
      #expect(
        exchange.connection?.moveBody(from: &client.stream, count: 5, room: 1) == .moved(5))
      #expect(exchange.connection?.hasTail == true)
    }
    expect(scene, Array(body[..<9])) {}
    scene.run()
  }

  @Test(arguments: [1, 0])
  func `a client that sends nothing, or has ended, leaves no pipe behind`(pipesMax: Int) throws {
    let scene = try UpstreamScene(pipesMax: pipesMax)
    let exchange = scene.connected()
    let client = Client(Self.body(3))
    scene.act {
      exchange.connection?.beginRequest(isToHead: false)
      func move() -> StreamResult? {
        exchange.connection?.moveBody(from: &client.stream, count: 100, room: 100)
      }
      #expect(move() == .wouldBlock)
      #expect(exchange.connection?.hasTail == false)
      client.push()
      #expect(move() == .moved(3))
    }
    expect(scene, Self.body(3)) {}
    scene.act {
      let result = exchange.connection?.moveBody(from: &client.stream, count: 100, room: 100)
      #expect(result == .ended)
      #expect(exchange.connection?.hasTail == false)
      if pipesMax > 0 { #expect(scene.connector.pipes.take() != nil) }
    }
    scene.run()
  }

  @Test func `an upload that is given up gives its pipe back`() throws {
    let scene = try UpstreamScene(pipesMax: 1)
    let exchange = scene.connected()
    let client = Client(Self.body(5_000))
    scene.act {
      client.push()
      exchange.connection?.beginRequest(isToHead: false)
      let result = exchange.connection?.moveBody(from: &client.stream, count: 5_000, room: 1)
      #expect(result == .moved(5_000))
      #expect(scene.connector.pipes.take() == nil)
      exchange.connection?.abandon()
    }
    scene.pause(milliseconds: 10)
    scene.act { #expect(scene.connector.pipes.take()?.count == 0) }
    scene.run()
    #expect(exchange.events == ["connected"])
  }

  @Test(arguments: [1, 0])
  func `an upstream that resets in the middle of an upload is told, and the pipe is back`(
    pipesMax: Int
  ) async {
    // In a process of its own: splice(2) knows no MSG_NOSIGNAL.
    await #expect(processExitsWith: .success) { [pipesMax] in
      signal(SIGPIPE, SIG_IGN)
      let scene = try UpstreamScene(pipesMax: pipesMax)
      let exchange = scene.connected()
      let client = Client(Self.body(20_000_000))
      scene.act { exchange.connection?.beginRequest(isToHead: false) }
      scene.wait("accepted") { scene.server.hasAccepted(1) }
      var turns = 0
      scene.wait("failed") {
        client.push()
        turns += 1
        if turns == 20 { scene.server.reset(0) }
        if let connection = exchange.connection, exchange.failure == nil, !connection.hasTail,
          connection.outputCount < 50_000
        {
          _ = connection.moveBody(from: &client.stream, count: 50_000, room: 50_000)
        }
        return exchange.failure != nil
      }
      scene.pause(milliseconds: 10)
      scene.run()
      #expect(exchange.events == ["connected", "failed: reset"])
      #expect(exchange.failure?.hasSentBytes == true)
      if pipesMax > 0 { #expect(scene.connector.pipes.take() != nil) }
      #expect(scene.connector.counts.active == 0)
    }
  }

  // MARK: From a file

  @Test(arguments: [1, 100_000, 5_000_000])
  func `a file goes behind the head, whole`(count: Int) throws {
    let scene = try UpstreamScene()
    let exchange = scene.connected()
    let body = Self.body(count)
    let file = try #require(SpoolFile(in: "/tmp"))
    #expect(body.withUnsafeBytes { file.append($0) })
    let content = try #require(file.content())
    let head = Array("PUT / HTTP/1.1\r\nContent-Length: \(count)\r\n\r\n".utf8)
    scene.act {
      exchange.connection?.beginRequest(isToHead: false)
      exchange.connection?.send(head.span)
      exchange.connection?.send(content)
      exchange.connection?.endRequest(isChunked: false)
      #expect(exchange.connection?.hasTail == true)
    }
    expect(scene, head + body) {}
    scene.act {
      #expect(exchange.connection?.hasTail == false)
      #expect(exchange.drains > 0)
      scene.server.send(okAnswer, on: 0)
    }
    scene.wait("ended") { exchange.isEnded }
    scene.act { exchange.connection?.release() }
    scene.run()
    #expect(scene.connector.counts.idle == 1)
  }

  // MARK: Answered early

  @Test(arguments: [(500_000, false, 0), (500_000, true, 1), (60_000, false, 1)])
  func `a large request that was not read is no start for the next one`(
    count: Int, isRead: Bool, idle: Int
  ) throws {
    let scene = try UpstreamScene()
    let exchange = scene.connected()
    let head = Array("PUT / HTTP/1.1\r\nContent-Length: \(count)\r\n\r\n".utf8)
    let body = Self.body(count)
    scene.act {
      exchange.connection?.beginRequest(isToHead: false)
      exchange.connection?.send(head.span)
      exchange.connection?.send(body.span)
      exchange.connection?.endRequest(isChunked: false)
    }
    if isRead { expect(scene, head + body) {} }
    scene.wait("all of it with the kernel") {
      scene.server.hasAccepted(1) && exchange.connection?.outputCount == 0
    }
    scene.pause(milliseconds: 20)
    scene.act { scene.server.send(okAnswer, on: 0) }
    scene.wait("ended") { exchange.isEnded }
    scene.act {
      exchange.connection?.release()
      #expect(scene.connector.counts.idle == idle)
    }
    scene.pause(milliseconds: 10)
    scene.run()
    #expect(exchange.body == "ok")
    #expect(scene.connector.counts.active == 0)
  }
}
