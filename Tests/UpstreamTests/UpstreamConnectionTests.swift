import Testing
import Wire

@testable import Upstream

@Suite struct UpstreamConnectionTests {
  /// A scene with one exchange whose connection is there.
  private func connected(
    _ scene: UpstreamScene, _ change: (inout PoolSettings) -> Void = { _ in }
  ) -> RecordingExchange {
    let pool = scene.makePool(nil, change)
    let exchange = RecordingExchange()
    scene.act { exchange.acquire(from: pool) }
    scene.wait("connected") { exchange.connection != nil }
    return exchange
  }

  /// What becomes of an exchange whose server does `deed` once it has the request.
  private func events(
    _ change: (inout PoolSettings) -> Void = { _ in },
    after deed: @escaping (LoopbackServer) -> Void
  ) throws -> (events: [String], failure: UpstreamFailure?) {
    let scene = try UpstreamScene()
    let exchange = connected(scene, change)
    scene.request(exchange, on: 0)
    scene.act { deed(scene.server) }
    scene.wait("over") { exchange.failure != nil || exchange.isEnded }
    scene.act { if exchange.isEnded { exchange.connection?.release() } }
    scene.pause(milliseconds: 10)
    scene.run()
    #expect(scene.connector.counts.active == 0)
    return (exchange.events, exchange.failure)
  }

  // MARK: Ends

  @Test func `an end or a reset before an answer is told as what it was`() throws {
    let closed = try events { $0.close(0) }
    #expect(closed.events == ["connected", "failed: closed"])
    #expect(closed.failure?.hasSentBytes == true && closed.failure?.phase == .firstByte)
    #expect(closed.failure?.isUnanswered == true)
    let reset = try events { $0.reset(0) }
    #expect(reset.events == ["connected", "failed: reset"])
  }

  @Test func `an answer that is cut is truncated, by its framing`() throws {
    let length = try events { server in
      server.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", on: 0)
      server.close(0)
    }
    #expect(length.events == ["connected", "head 200 length(5)", "failed: truncatedBody"])
    #expect(length.failure?.isUnanswered == false)
    let chunked = try events { server in
      server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", on: 0)
      server.close(0)
    }
    #expect(chunked.events == ["connected", "head 200 chunked", "failed: truncatedBody"])
    let head = try events { server in
      server.send("HTTP/1.1 200 OK\r\nContent-Le", on: 0)
      server.close(0)
    }
    #expect(head.events == ["connected", "failed: truncatedHead"])
  }

  @Test func `a body without framing ends with the connection, but not with a reset`() throws {
    let closed = try events { server in
      server.send("HTTP/1.1 200 OK\r\n\r\nhello", on: 0)
      server.close(0)
    }
    #expect(closed.events == ["connected", "head 200 untilClose", "ended"])
    let scene = try UpstreamScene()
    let exchange = connected(scene)
    scene.request(exchange, on: 0)
    scene.act { scene.server.send("HTTP/1.1 200 OK\r\n\r\nhello", on: 0) }
    scene.wait("body") { exchange.body == "hello" }
    scene.act { scene.server.reset(0) }
    scene.wait("failed") { exchange.failure != nil }
    scene.run()
    #expect(exchange.events == ["connected", "head 200 untilClose", "failed: truncatedBody"])
  }

  @Test func `what is not HTTP is a failure at once`() throws {
    let outcome = try events { $0.send("SSH-2.0-OpenSSH_9.2\r\n", on: 0) }
    #expect(outcome.events == ["connected", "failed: protocolError"])
  }

  // MARK: Times

  @Test func `an upstream that never answers runs out of the first byte's time`() throws {
    let outcome = try events({ $0.firstByteMilliseconds = 50 }, after: { _ in })
    #expect(outcome.events == ["connected", "failed: firstByteTimeout"])
    #expect(outcome.failure?.phase == .firstByte && outcome.failure?.hasSentBytes == true)
  }

  @Test func `an upstream that stops in the body runs out of the idle time`() throws {
    let outcome = try events({ $0.idleMilliseconds = 50 }) { server in
      server.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", on: 0)
    }
    #expect(outcome.events == ["connected", "head 200 length(5)", "failed: bodyTimeout"])
  }

  @Test func `an upstream that does not read runs out of the idle time`() throws {
    let scene = try UpstreamScene()
    let exchange = connected(scene) { $0.idleMilliseconds = 50 }
    scene.act {
      exchange.connection?.beginRequest(isToHead: false)
      exchange.connection?.send([UInt8](repeating: 0x61, count: 32 << 20).span)
    }
    scene.wait("failed") { exchange.failure != nil }
    scene.run()
    #expect(exchange.events == ["connected", "failed: writeTimeout"])
    #expect(exchange.failure?.phase == .send && exchange.failure?.hasSentBytes == true)
  }

  // MARK: Back-pressure

  @Test func `what the exchange cannot take is not read`() throws {
    let scene = try UpstreamScene()
    let exchange = connected(scene) { $0.idleMilliseconds = 100 }
    exchange.canTakeBody = false
    scene.request(exchange, on: 0)
    scene.act { scene.server.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", on: 0) }
    scene.wait("head") { exchange.events.count == 2 }
    scene.act { scene.server.send("hello", on: 0) }
    scene.pause(milliseconds: 200)
    scene.act {
      #expect(exchange.body == "" && exchange.failure == nil, "paused, it may take its time")
      exchange.canTakeBody = true
      exchange.connection?.reconsider()
    }
    scene.wait("body") { exchange.isEnded }
    scene.run()
    #expect(exchange.body == "hello")
  }

  // MARK: Requests

  @Test func `a chunked request is framed chunk by chunk`() throws {
    let scene = try UpstreamScene()
    let exchange = connected(scene)
    let nothing: [UInt8] = []
    scene.act {
      exchange.connection?.beginRequest(isToHead: false)
      exchange.connection?.send(Array("POST / HTTP/1.1\r\n\r\n".utf8).span)
      exchange.connection?.sendChunk(Array("hello".utf8).span)
      exchange.connection?.sendChunk(nothing.span)
      exchange.connection?.sendChunk([UInt8](repeating: 0x61, count: 17).span)
      exchange.connection?.endRequest(isChunked: true)
    }
    var received = ""
    scene.wait("request") {
      if scene.server.hasAccepted(1) { received += scene.server.received(on: 0) ?? "" }
      return received.hasSuffix("0\r\n\r\n")
    }
    scene.run()
    let chunks = "5\r\nhello\r\n11\r\n\(String(repeating: "a", count: 17))\r\n0\r\n\r\n"
    #expect(received == "POST / HTTP/1.1\r\n\r\n" + chunks)
  }

  @Test func `an abandoned request is cut, and tells nobody`() throws {
    let scene = try UpstreamScene()
    let exchange = connected(scene)
    scene.act {
      exchange.connection?.beginRequest(isToHead: false)
      exchange.connection?.send(Array("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhel".utf8).span)
    }
    scene.wait("some of it") {
      scene.server.hasAccepted(1) && scene.server.received(on: 0)?.hasSuffix("hel") == true
    }
    scene.act { exchange.connection?.abandon() }
    scene.wait("closed") { scene.server.received(on: 0) == nil }
    scene.run()
    #expect(exchange.events == ["connected"])
    #expect(scene.connector.counts.active == 0 && scene.connector.counts.idle == 0)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokX",
  ])
  func `a connection that is not to be used again is closed`(answer: String) throws {
    let scene = try UpstreamScene()
    let exchange = connected(scene)
    scene.exchange(exchange, on: 0, answer: answer)
    scene.wait("closed") { scene.server.received(on: 0) == nil }
    scene.run()
    #expect(exchange.body == "ok")
    #expect(scene.connector.counts.idle == 0 && scene.connector.counts.active == 0)
  }

  @Test func `an early answer leaves a connection whose request is not whole`() throws {
    let scene = try UpstreamScene()
    let exchange = connected(scene)
    scene.act {
      exchange.connection?.beginRequest(isToHead: false)
      exchange.connection?.send(Array("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhel".utf8).span)
    }
    scene.wait("accepted") { scene.server.hasAccepted(1) && scene.server.received(on: 0) != "" }
    scene.act { scene.server.send(okAnswer, on: 0) }
    scene.wait("ended") { exchange.isEnded }
    scene.act { exchange.connection?.release() }
    scene.wait("closed") { scene.server.received(on: 0) == nil }
    scene.run()
    #expect(exchange.body == "ok")
    #expect(scene.connector.counts.idle == 0)
  }
}
