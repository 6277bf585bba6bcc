import EventLoop
import Testing
import Wire

@testable import Upstream

/// Responses to an exchange that cannot take all that comes.
@Suite struct ResponseBackPressureTests {
  /// How a response's body is framed, and how its end is told.
  enum Framed: CaseIterable {
    case length
    case chunked
    case untilClose

    func response(_ payload: String) -> String {
      switch self {
      case .length:
        return "HTTP/1.1 200 OK\r\nContent-Length: \(payload.utf8.count)\r\n\r\n\(payload)"
      case .untilClose: return "HTTP/1.1 200 OK\r\n\r\n\(payload)"
      case .chunked:
        var text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        var rest = Substring(payload)
        var size = 1
        while !rest.isEmpty {
          let chunk = rest.prefix(size)
          text += "\(String(chunk.utf8.count, radix: 16))\r\n\(chunk)\r\n"
          rest = rest.dropFirst(size)
          size = size * 3 % 50_000
        }
        return text + "0\r\nX-Trailer: a\r\n\r\n"
      }
    }

    var events: [String] {
      switch self {
      case .length: ["ended"]
      case .chunked: ["trailer X-Trailer", "ended"]
      case .untilClose: ["ended"]
      }
    }
  }

  /// Lines of which no two are alike.
  private static func payload(_ count: Int) -> String {
    var text = ""
    var line = 0
    while text.utf8.count < count {
      text += "line \(line),"
      line += 1
    }
    return String(text.prefix(count))
  }

  // MARK: Parts

  @Test(arguments: Framed.allCases, [1, 7, 1000, 16_384])
  func `an exchange that takes a part at a time gets every byte once and in order`(
    framed: Framed, most: Int
  ) throws {
    let payload = Self.payload(min(most * 400, 300_000))
    for isEndBehind in [true, false] where isEndBehind || framed != .untilClose {
      let scene = try UpstreamScene()
      let exchange = scene.connected()
      exchange.takesAtMost = most
      scene.request(exchange, on: 0)
      scene.answer(framed.response(payload), on: 0)
      if isEndBehind { scene.act { scene.server.close(0) } }
      scene.wait("ended") {
        exchange.resume()
        return exchange.isEnded || exchange.failure != nil
      }
      scene.act { exchange.connection?.release() }
      scene.pause(milliseconds: 10)
      scene.run()
      let isSame = exchange.body == payload
      #expect(isSame, "\(exchange.body.utf8.count) of \(payload.utf8.count) bytes")
      #expect(exchange.failure == nil)
      #expect(Array(exchange.events.dropFirst(2)) == framed.events)
      #expect(exchange.partsLeft > 0)
      #expect(scene.connector.counts.active == 0)
      #expect(scene.connector.counts.idle == (isEndBehind ? 0 : 1))
    }
  }

  @Test(arguments: [Framed.length, .chunked])
  func `an exchange that takes a part at a time gets what came before a cut`(framed: Framed)
    throws
  {
    let payload = Self.payload(20_000)
    let scene = try UpstreamScene()
    let exchange = scene.connected()
    exchange.takesAtMost = 100
    scene.request(exchange, on: 0)
    scene.answer(String(framed.response(payload).prefix(15_000)), on: 0)
    scene.act { scene.server.close(0) }
    scene.wait("failed") {
      exchange.resume()
      return exchange.failure != nil
    }
    scene.run()
    #expect(payload.hasPrefix(exchange.body) && exchange.body.utf8.count > 14_000)
    #expect(exchange.events.last == "failed: truncatedBody")
    #expect(!exchange.isEnded)
  }

  @Test func `what was left is not offered before the exchange has asked for it`() throws {
    let scene = try UpstreamScene()
    let exchange = scene.connected { $0.idleMilliseconds = 50 }
    exchange.takesAtMost = 3
    scene.request(exchange, on: 0)
    scene.answer(Framed.length.response("penstock"), on: 0)
    scene.wait("a part") { exchange.body == "pen" }
    scene.pause(milliseconds: 120)
    scene.act {
      #expect(exchange.body == "pen" && exchange.failure == nil, "paused, it may take its time")
      exchange.resume()
    }
    scene.wait("another") { exchange.body == "pensto" }
    scene.act {
      #expect(!exchange.canTakeBody && !exchange.isEnded)
      exchange.resume()
    }
    scene.wait("ended") { exchange.isEnded }
    scene.run()
    #expect(exchange.body == "penstock")
    #expect(exchange.events == ["connected", "head 200 length(8)", "ended"])
  }

  // MARK: Moved from the stream

  @Test(arguments: Framed.allCases, [20_000, 100_000, Int.max])
  func `an exchange may take payload from the stream itself`(framed: Framed, most: Int) throws {
    let payload = Self.payload(1_000_000)
    for isEndBehind in [true, false] where isEndBehind || framed != .untilClose {
      let scene = try UpstreamScene()
      let exchange = scene.connected()
      exchange.movesBody = true
      exchange.takesAtMost = most
      scene.request(exchange, on: 0)
      scene.answer(framed.response(payload), on: 0)
      if isEndBehind { scene.act { scene.server.close(0) } }
      scene.wait("ended") {
        if !exchange.canTakeBody { exchange.resume() }
        return exchange.isEnded || exchange.failure != nil
      }
      scene.act { exchange.connection?.release() }
      scene.pause(milliseconds: 10)
      scene.run()
      let isSame = exchange.body == payload
      #expect(isSame, "\(exchange.body.utf8.count) of \(payload.utf8.count) bytes")
      #expect(Array(exchange.events.dropFirst(2)) == framed.events)
      #expect(exchange.movedBytes > 0)
      #expect(scene.connector.counts.idle == (isEndBehind ? 0 : 1))
    }
  }

  @Test func `a body that is cut while it is moved is truncated`() throws {
    let scene = try UpstreamScene()
    let exchange = scene.connected()
    exchange.movesBody = true
    scene.request(exchange, on: 0)
    let payload = Self.payload(200_000)
    scene.answer(String(Framed.length.response(payload).prefix(100_000)), on: 0)
    scene.wait("moved") { exchange.body.utf8.count > 99_000 }
    scene.act { scene.server.close(0) }
    scene.wait("failed") { exchange.failure != nil }
    scene.run()
    #expect(exchange.movedBytes > 0 && payload.hasPrefix(exchange.body))
    #expect(exchange.failure?.kind == .truncatedBody && exchange.failure?.isUnanswered == false)
  }

  // MARK: A peer that leaves

  /// How the peer leaves.
  enum Leaving: CaseIterable {
    case end
    case reset
    /// Once the request's side of a tunnel has ended, too, so that nothing goes either way.
    case endOfBoth
  }

  /// Many more turns than the clock of the scene takes in 100 ms, and far less than a loop that
  /// does not sleep.
  private static let turnsMost = 1_000

  @Test(arguments: Leaving.allCases)
  func `a peer that has left is no reason to turn, while the exchange cannot take more`(
    leaving: Leaving
  ) throws {
    let scene = try UpstreamScene()
    let exchange = scene.connected()
    exchange.takesAtMost = 2
    let isTunnel = leaving == .endOfBoth
    scene.act { exchange.send(getRequest, asksUpgrade: isTunnel) }
    scene.wait("request") {
      scene.server.hasAccepted(1) && scene.server.received(on: 0) == getRequest
    }
    let head = isTunnel ? "101 Switching Protocols" : "200 OK"
    scene.answer("HTTP/1.1 \(head)\r\n\r\nhello", on: 0)
    scene.wait("a part") { exchange.body == "he" }
    scene.act {
      if isTunnel { exchange.connection?.endTunnel() }
      scene.server.send(" world", on: 0)
    }
    if isTunnel { scene.wait("end of the client") { scene.server.received(on: 0) == nil } }
    scene.act { if leaving == .reset { scene.server.reset(0) } else { scene.server.close(0) } }
    scene.pause(milliseconds: 20)
    var before = 0
    scene.act { before = scene.loop.turns }
    scene.pause(milliseconds: 100)
    scene.act {
      let turns = scene.loop.turns - before
      #expect(turns < Self.turnsMost)
      #expect(exchange.body == "he" && exchange.failure == nil && !exchange.isEnded)
    }
    scene.wait("told") {
      exchange.resume()
      return exchange.isEnded || exchange.failure != nil
    }
    scene.act { exchange.connection?.release() }
    scene.pause(milliseconds: 10)
    scene.run()
    #expect(exchange.body == "hello world")
    #expect(exchange.events.last == (leaving == .reset ? "failed: truncatedBody" : "ended"))
    #expect(scene.connector.counts.active == 0 && scene.connector.counts.idle == 0)
  }

  @Test func `a connection that is not watched any more can be given up`() throws {
    let scene = try UpstreamScene()
    let exchange = scene.connected()
    exchange.takesAtMost = 2
    scene.request(exchange, on: 0)
    scene.answer(Framed.length.response("hello"), on: 0)
    scene.wait("a part") { exchange.body == "he" }
    scene.act { scene.server.reset(0) }
    scene.pause(milliseconds: 20)
    scene.act {
      #expect(exchange.connection?.isUnwatched == true)
      exchange.connection?.abandon()
    }
    scene.pause(milliseconds: 10)
    scene.run()
    #expect(exchange.events == ["connected", "head 200 length(5)"])
    #expect(scene.connector.counts.active == 0)
  }

  @Test func `an end that comes while all was taken is told at once`() throws {
    let scene = try UpstreamScene()
    let exchange = scene.connected()
    scene.request(exchange, on: 0)
    scene.answer("HTTP/1.1 200 OK\r\n\r\nhello", on: 0)
    scene.wait("body") { exchange.body == "hello" }
    scene.act { scene.server.close(0) }
    scene.wait("ended") { exchange.isEnded }
    scene.run()
    #expect(exchange.failure == nil)
  }
}
