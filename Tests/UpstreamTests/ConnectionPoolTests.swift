import Testing

@testable import Upstream

@Suite struct ConnectionPoolTests {
  /// Two exchanges at a time, so that two connections are in the pool; the second is the freshest.
  private func fill(
    _ scene: UpstreamScene, _ pool: ConnectionPool, closing order: [Int] = [0, 1]
  ) {
    let exchanges = [RecordingExchange(), RecordingExchange()]
    for (index, exchange) in exchanges.enumerated() {
      scene.act { exchange.acquire(from: pool) }
      scene.wait("connected") { exchange.connection != nil }
      scene.request(exchange, on: index)
    }
    for index in order {
      scene.act { scene.server.send(okAnswer, on: index) }
      scene.wait("ended") { exchanges[index].isEnded }
      scene.act { exchanges[index].connection?.release() }
    }
  }

  @Test(arguments: [[0, 1], [1, 0]])
  func `the connection that was used last is taken first`(order: [Int]) throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let next = RecordingExchange()
    fill(scene, pool, closing: order)
    scene.act {
      #expect(scene.connector.counts.idle == 2)
      next.acquire(from: pool)
      #expect(next.connection?.answered == 1)
    }
    scene.exchange(next, on: order[1])
    scene.run()
    #expect(next.events == ["reused", "head 200 length(2)", "ended"])
    #expect(scene.server.connections.count == 2)
    #expect(scene.connector.counts.idle == 2 && scene.connector.counts.active == 0)
  }

  @Test func `one connection serves one request after the other`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let exchanges = (0..<5).map { _ in RecordingExchange() }
    for exchange in exchanges {
      scene.act { exchange.acquire(from: pool) }
      scene.wait("connection") { exchange.connection != nil }
      scene.exchange(exchange, on: 0)
    }
    scene.run()
    #expect(scene.server.connections.count == 1)
    #expect(exchanges.allSatisfy { $0.body == "ok" })
    #expect(exchanges[4].connection?.answered == 5)
  }

  @Test func `what arrives unasked closes the connection, and nobody sees it`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let first = RecordingExchange()
    let next = RecordingExchange()
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.exchange(first, on: 0)
    scene.act { scene.server.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", on: 0) }
    scene.wait("closed") { scene.connector.counts.idle == 0 }
    scene.act { next.acquire(from: pool) }
    scene.wait("connected") { next.connection != nil }
    scene.exchange(next, on: 1)
    scene.run()
    #expect(scene.connector.counts.unsolicited == 1)
    #expect(scene.server.received(on: 0) == nil)
    #expect(next.events == ["connected", "head 200 length(2)", "ended"])
    #expect(next.body == "ok")
  }

  @Test func `an idle connection that its peer closes is gone without a word`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let first = RecordingExchange()
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.exchange(first, on: 0)
    scene.act { scene.server.close(0) }
    scene.wait("closed") { scene.connector.counts.idle == 0 }
    scene.run()
    #expect(pool.isUnused)
    #expect(scene.connector.counts.unsolicited == 0)
    #expect(first.failure == nil)
  }

  @Test(arguments: [false, true])
  func `whoever looks first does not get a connection that has just ended`(
    isUnsolicited: Bool
  ) throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let first = RecordingExchange()
    let next = RecordingExchange()
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.exchange(first, on: 0)
    scene.act {
      // In one step, so that no turn tells the connection of it in between.
      if isUnsolicited { scene.server.send("x", on: 0) } else { scene.server.close(0) }
      next.acquire(from: pool)
      #expect(next.events == [])
    }
    scene.wait("connected") { next.connection != nil }
    scene.exchange(next, on: 1)
    scene.run()
    #expect(next.events == ["connected", "head 200 length(2)", "ended"])
  }

  @Test func `trying again is not the pool's business`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let first = RecordingExchange()
    let next = RecordingExchange()
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.exchange(first, on: 0)
    scene.act { next.acquire(from: pool) }
    scene.request(next, on: 0)
    scene.act { scene.server.close(0) }
    scene.wait("failed") { next.failure != nil }
    scene.pause(milliseconds: 50)
    scene.run()
    #expect(next.events == ["reused", "failed: closed"])
    #expect(next.failure?.hasSentBytes == true)
    #expect(next.failure?.isUnanswered == true)
    #expect(scene.server.hasAccepted(1) && scene.server.connections.count == 1)
    #expect(pool.isUnused)
  }

  @Test func `a fresh connection is fresh, whatever is in the pool`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let next = RecordingExchange()
    fill(scene, pool)
    scene.act { next.acquire(from: pool, isFresh: true) }
    scene.wait("connected") { next.connection != nil }
    scene.exchange(next, on: 2)
    scene.run()
    #expect(next.events.first == "connected")
    #expect(scene.connector.counts.idle == 3)
  }

  // MARK: Bounds

  @Test func `with all connections busy the next exchange waits for one`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool { $0.connections = 1 }
    let first = RecordingExchange()
    let left = RecordingExchange()
    let next = RecordingExchange()
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.act {
      left.acquire(from: pool)
      next.acquire(from: pool)
      #expect(left.events == ["queued"] && next.events == ["queued"])
      pool.leaveQueue(left)
    }
    scene.exchange(first, on: 0)
    scene.wait("handed on") { next.connection != nil }
    scene.exchange(next, on: 0)
    scene.run()
    #expect(left.events == ["queued"])
    #expect(next.events == ["queued", "connected", "head 200 length(2)", "ended"])
    #expect(scene.server.connections.count == 1)
  }

  @Test(arguments: [false, true])
  func `what stands behind an answer is not the answer to the one that waits`(
    isUnsolicited: Bool
  ) throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool { $0.connections = 1 }
    let (first, next) = (RecordingExchange(), RecordingExchange())
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.request(first, on: 0)
    scene.act {
      next.acquire(from: pool)
      scene.server.send(okAnswer, on: 0)
    }
    scene.wait("ended") { first.isEnded }
    scene.act {
      // In one step, so that no turn tells the connection of it in between.
      if isUnsolicited {
        scene.server.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", on: 0)
      } else {
        scene.server.close(0)
      }
      first.connection?.release()
    }
    scene.wait("a connection of its own") { next.connection != nil }
    scene.exchange(next, on: 1)
    scene.run()
    #expect(next.events == ["queued", "connected", "head 200 length(2)", "ended"])
    #expect(next.body == "ok")
  }

  @Test
  func `a connection that breaks makes room for one that waits`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool { $0.connections = 1 }
    let first = RecordingExchange()
    let next = RecordingExchange()
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.request(first, on: 0)
    scene.act {
      next.acquire(from: pool)
      scene.server.reset(0)
    }
    scene.wait("failed") { first.failure != nil }
    scene.wait("connected") { next.connection != nil }
    scene.exchange(next, on: 1)
    scene.run()
    #expect(first.events == ["connected", "failed: reset"])
    #expect(next.events == ["queued", "connected", "head 200 length(2)", "ended"])
  }

  @Test func `no more are kept idle than the settings say`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool { $0.idleConnections = 1 }
    fill(scene, pool)
    scene.wait("closed") { scene.server.received(on: 1) == nil }
    scene.run()
    #expect(scene.connector.counts.idle == 1)
    #expect(scene.server.received(on: 0) == "")
  }

  @Test func `an idle connection is closed when its time is over`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool { $0.keepMilliseconds = 50 }
    fill(scene, pool)
    scene.act { #expect(scene.connector.counts.idle == 2) }
    scene.wait("closed") { scene.connector.counts.idle == 0 }
    scene.wait("told") {
      scene.server.received(on: 0) == nil && scene.server.received(on: 1) == nil
    }
    scene.run()
    #expect(pool.isUnused)
  }

  @Test func `a connection past its lifetime is not used again`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool { $0.lifetimeMilliseconds = 30 }
    let first = RecordingExchange()
    let next = RecordingExchange()
    scene.act { first.acquire(from: pool) }
    scene.wait("connected") { first.connection != nil }
    scene.exchange(first, on: 0)
    scene.pause(milliseconds: 60)
    scene.act { next.acquire(from: pool) }
    scene.wait("connected") { next.connection != nil }
    scene.exchange(next, on: 1)
    scene.run()
    #expect(next.events.first == "connected")
  }

  @Test func `two pools of one origin share nothing`() throws {
    let scene = try UpstreamScene()
    let pools = [scene.makePool(), scene.makePool()]
    let exchanges = [RecordingExchange(), RecordingExchange()]
    for index in 0...1 {
      scene.act { exchanges[index].acquire(from: pools[index]) }
      scene.wait("connected") { exchanges[index].connection != nil }
      scene.exchange(exchanges[index], on: index)
    }
    scene.run()
    #expect(exchanges[1].events.first == "connected")
    #expect(scene.server.connections.count == 2)
  }

  @Test func `closing what is idle leaves nothing open`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    fill(scene, pool)
    scene.act { pool.closeIdle() }
    scene.wait("closed") {
      scene.server.received(on: 0) == nil && scene.server.received(on: 1) == nil
    }
    scene.run()
    #expect(pool.isUnused)
    #expect(scene.connector.counts.idle == 0 && scene.connector.counts.active == 0)
  }
}
