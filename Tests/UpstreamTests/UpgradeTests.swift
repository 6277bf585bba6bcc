import EventLoop
import Testing
import Wire

@testable import Upstream

/// Connections that go on with another protocol, and those that do not.
@Suite struct UpgradeTests {
  private static let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"

  private struct Outcome: Equatable {
    var events: [String]
    var body = ""
    var failure: UpstreamFailure.Kind?
    var isTunnel = false
    var isReusable = false
  }

  /// Reads `pieces`, one a read, and then the end of the input where there is one.
  private func read(_ pieces: [String], asksUpgrade: Bool = true, ends: Bool = false) -> Outcome {
    let exchange = RecordingExchange()
    var reader = ResponseReader()
    reader.reset(isToHead: false, asksUpgrade: asksUpgrade)
    var input = ByteBuffer()
    var failure: UpstreamFailure?
    for piece in pieces where failure == nil {
      input.append(Array(piece.utf8))
      failure = reader.process(&input, .forTests(), exchange)
    }
    var kind = failure?.kind
    if ends, kind == nil, !exchange.isEnded {
      if reader.onInputEnded() { exchange.onResponseEnded() } else { kind = reader.kindOfEnd }
    }
    return Outcome(
      events: exchange.events, body: exchange.body, failure: kind, isTunnel: reader.isTunnel,
      isReusable: reader.isReusable)
  }

  private func readInEveryWay(
    _ text: String, asksUpgrade: Bool = true, ends: Bool = false, _ expected: Outcome,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let bytes = text.unicodeScalars.map(String.init)
    var ways = [[text], bytes]
    for cut in 1..<bytes.count { ways.append([bytes[..<cut].joined(), bytes[cut...].joined()]) }
    for way in ways {
      let outcome = read(way, asksUpgrade: asksUpgrade, ends: ends)
      #expect(outcome == expected, "cut as \(way)", sourceLocation: sourceLocation)
    }
  }

  // MARK: Reading

  @Test func `behind a 101 that was asked for all bytes are the tunnel's`() {
    readInEveryWay(
      Self.switching + "HTTP/1.1 200 OK\r\n\r\n0\r\n\r\n",
      Outcome(events: ["upgraded"], body: "HTTP/1.1 200 OK\r\n\r\n0\r\n\r\n", isTunnel: true))
    readInEveryWay(
      Self.switching + "bytes", ends: true,
      Outcome(events: ["upgraded", "ended"], body: "bytes", isTunnel: true))
    #expect(
      read([Self.switching], ends: true)
        == Outcome(events: ["upgraded", "ended"], isTunnel: true))
  }

  @Test func `what a 101 says of a body says nothing`() {
    for field in ["Content-Length: 2", "Transfer-Encoding: chunked", "Connection: close"] {
      let head = "HTTP/1.1 101 Switching Protocols\r\n\(field)\r\n\r\n"
      #expect(
        read([head, "bytes"], ends: true)
          == Outcome(events: ["upgraded", "ended"], body: "bytes", isTunnel: true))
    }
  }

  @Test func `interim answers may come before it`() {
    readInEveryWay(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n\(Self.switching)a",
      Outcome(events: ["upgraded"], body: "a", isTunnel: true))
  }

  @Test func `an upstream may decline, and answers as ever`() {
    readInEveryWay(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      Outcome(events: ["head 200 length(2)", "ended"], body: "ok", isReusable: true))
    readInEveryWay(
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n",
      Outcome(events: ["head 426 length(0)", "ended"], isReusable: true))
  }

  @Test func `a 101 that nobody asked for is a failure, in front of anything or behind`() {
    for before in ["", "HTTP/1.1 100 Continue\r\n\r\n"] {
      readInEveryWay(
        before + Self.switching, asksUpgrade: false,
        Outcome(events: [], failure: .unexpectedUpgrade))
    }
  }

  @Test func `a reader that is used again has forgotten what was asked`() {
    let exchange = RecordingExchange()
    var reader = ResponseReader()
    reader.reset(isToHead: false, asksUpgrade: true)
    reader.reset(isToHead: false)
    var input = ByteBuffer()
    input.append(Array(Self.switching.utf8))
    let failure = reader.process(&input, .forTests(), exchange)
    #expect(failure?.kind == .unexpectedUpgrade)
    reader.reset(isToHead: false, asksUpgrade: true)
    #expect(reader.process(&input, .forTests(), exchange) == nil)
    let isTunnel = reader.isTunnel
    #expect(isTunnel)
    reader.reset(isToHead: false)
    let isStillTunnel = reader.isTunnel
    #expect(!isStillTunnel)
  }

  // MARK: On a connection

  /// A scene whose exchange has been switched to a tunnel.
  private func tunnel(
    _ scene: UpstreamScene, _ change: (inout PoolSettings) -> Void = { _ in }
  ) -> RecordingExchange {
    let exchange = scene.connected(change)
    scene.act { exchange.send(getRequest, asksUpgrade: true) }
    scene.wait("request") {
      scene.server.hasAccepted(1) && scene.server.received(on: 0) == getRequest
    }
    scene.act { scene.server.send(Self.switching, on: 0) }
    scene.wait("upgraded") { exchange.events.last == "upgraded" }
    return exchange
  }

  private func received(_ scene: UpstreamScene, _ text: String) {
    var received = ""
    scene.wait("received \(text)") {
      received += scene.server.received(on: 0) ?? ""
      return received == text
    }
  }

  @Test func `a tunnel goes both ways, until each side has ended`() throws {
    let scene = try UpstreamScene()
    let exchange = tunnel(scene)
    scene.act { exchange.connection?.send(Array("ping".utf8).span) }
    received(scene, "ping")
    scene.act { scene.server.send("pong", on: 0) }
    scene.wait("pong") { exchange.body == "pong" }
    scene.act {
      exchange.connection?.send(Array("bye".utf8).span)
      exchange.connection?.endTunnel()
    }
    received(scene, "bye")
    scene.wait("its end") { scene.server.received(on: 0) == nil }
    scene.act { scene.server.send(", too", on: 0) }
    scene.wait("the rest") { exchange.body == "pong, too" }
    scene.act { scene.server.close(0) }
    scene.wait("ended") { exchange.isEnded }
    scene.act { exchange.connection?.release() }
    scene.pause(milliseconds: 10)
    scene.run()
    #expect(exchange.events == ["connected", "upgraded", "ended"])
    #expect(scene.connector.counts.active == 0 && scene.connector.counts.idle == 0)
  }

  @Test func `a tunnel may be silent for longer than a body`() throws {
    let scene = try UpstreamScene()
    let exchange = tunnel(scene) {
      $0.idleMilliseconds = 30
      $0.firstByteMilliseconds = 30
    }
    scene.pause(milliseconds: 120)
    scene.act {
      #expect(exchange.failure == nil)
      scene.server.send("late", on: 0)
    }
    scene.wait("late") { exchange.body == "late" }
    scene.pause(milliseconds: 120)
    scene.act { exchange.connection?.abandon() }
    scene.wait("closed") { scene.server.received(on: 0) == nil }
    scene.run()
    #expect(exchange.events == ["connected", "upgraded"])
  }

  @Test func `a tunnel that is reset is cut, not ended`() throws {
    let scene = try UpstreamScene()
    let exchange = tunnel(scene)
    scene.act { scene.server.reset(0) }
    scene.wait("failed") { exchange.failure != nil }
    scene.run()
    #expect(exchange.events == ["connected", "upgraded", "failed: truncatedBody"])
  }

  @Test func `a connection is not switched by an answer to a request that did not ask`() throws {
    let scene = try UpstreamScene()
    let exchange = scene.connected()
    scene.request(exchange, on: 0)
    scene.act { scene.server.send(Self.switching, on: 0) }
    scene.wait("failed") { exchange.failure != nil }
    scene.wait("closed") { scene.server.received(on: 0) == nil }
    scene.run()
    #expect(exchange.events == ["connected", "failed: unexpectedUpgrade"])
    #expect(scene.connector.counts.active == 0 && scene.connector.counts.idle == 0)
  }

  @Test func `a connection that declined serves the next exchange, which does not ask`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let (first, next) = (RecordingExchange(), RecordingExchange())
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.act { first.send(getRequest, asksUpgrade: true) }
    scene.wait("request") {
      scene.server.hasAccepted(1) && scene.server.received(on: 0) == getRequest
    }
    scene.act { scene.server.send(okAnswer, on: 0) }
    scene.wait("ended") { first.isEnded }
    scene.act {
      first.connection?.release()
      next.acquire(from: pool)
    }
    scene.request(next, on: 0)
    scene.act { scene.server.send(Self.switching, on: 0) }
    scene.wait("failed") { next.failure != nil }
    scene.run()
    #expect(first.body == "ok")
    #expect(next.events == ["reused", "failed: unexpectedUpgrade"])
  }
}
