import EventLoop
import Testing

@testable import Upstream

@Suite struct DialTests {
  /// What becomes of one dial, how long it took, and whether anything came to the listener.
  private func dial(
    _ host: String, port: UInt16? = nil, dialsInFlight: Int = 16,
    _ change: (inout PoolSettings) -> Void = { _ in }
  ) throws -> (events: [String], failure: UpstreamFailure?, milliseconds: Int64, reached: Bool) {
    let scene = try UpstreamScene(dialsInFlight: dialsInFlight)
    let origin = Origin(isTLS: false, host: host, port: port ?? scene.server.port)
    let pool = scene.makePool(origin, change)
    let exchange = RecordingExchange()
    var start: Int64 = 0
    var end: Int64 = 0
    scene.act {
      start = Clock.monotonicNanoseconds()
      exchange.acquire(from: pool)
    }
    scene.wait("dialled") { exchange.connection != nil || exchange.failure != nil }
    scene.act { end = Clock.monotonicNanoseconds() }
    scene.run()
    return (
      exchange.events, exchange.failure, (end - start) / 1_000_000, scene.server.hasAccepted(1)
    )
  }

  private static func refusesPrivate(_ settings: inout PoolSettings) {
    settings.policy = AddressPolicy(privateAccess: .none, ownListeners: [])
  }

  @Test(arguments: ["127.0.0.1", "localhost"])
  func `a permitted address is dialled`(host: String) throws {
    let outcome = try dial(host)
    #expect(outcome.events == ["connected"])
    #expect(outcome.reached)
  }

  @Test(arguments: [
    "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.",
    "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "0", "0.0.0.0", "::",
  ])
  func `a private address is refused at once, in any spelling, and no packet leaves`(
    host: String
  ) throws {
    let outcome = try dial(host, Self.refusesPrivate)
    #expect(outcome.events.count == 1 && outcome.failure != nil, "\(outcome.events)")
    // What no resolver takes for an address fails as a name instead.
    if outcome.failure?.phase != .dns { #expect(outcome.failure?.kind == .addressRefused) }
    #expect(outcome.failure?.hasSentBytes == false)
    #expect(!outcome.reached)
    if outcome.failure?.kind == .addressRefused { #expect(outcome.milliseconds < 200) }
  }

  @Test(arguments: ["169.254.169.254", "100.100.100.200", "224.0.0.1", "255.255.255.255"])
  func `metadata is refused whatever is permitted`(host: String) throws {
    let outcome = try dial(host, port: 80)
    #expect(outcome.failure?.kind == .addressRefused)
    #expect(outcome.milliseconds < 200)
  }

  @Test func `its own listener is refused`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool(nil) {
      $0.policy = AddressPolicy(
        privateAccess: .all, ownListeners: [.ipv4([0, 0, 0, 0], port: scene.server.port)])
    }
    let exchange = RecordingExchange()
    scene.act { exchange.acquire(from: pool) }
    scene.wait("refused") { exchange.failure != nil }
    scene.run()
    #expect(exchange.events == ["connect failed: addressRefused"])
    #expect(!scene.server.hasAccepted(1))
  }

  @Test func `a closed port is a failure at once`() throws {
    let closed = try LoopbackServer().port
    let outcome = try dial("127.0.0.1", port: closed)
    #expect(outcome.events == ["connect failed: connectFailed"])
    #expect(outcome.failure?.phase == .connect && outcome.failure?.hasSentBytes == false)
    #expect(outcome.milliseconds < 200)
  }

  @Test func `a name that nobody has is not found, or not in time`() throws {
    let outcome = try dial("nobody.invalid") { $0.nameMilliseconds = 300 }
    #expect([.nameNotFound, .nameTimeout].contains(outcome.failure?.kind))
    #expect(outcome.failure?.phase == .dns)
    #expect(outcome.milliseconds < 1000)
  }

  @Test func `more dials than there may be are refused before they begin`() throws {
    let outcome = try dial("127.0.0.1", dialsInFlight: 0)
    #expect(outcome.events == ["refused: resourcesExhausted"])
    #expect(!outcome.reached)
  }

  @Test func `a dial that is given up ends without a word`() throws {
    let scene = try UpstreamScene()
    let pool = scene.makePool()
    let exchange = RecordingExchange()
    let next = RecordingExchange()
    scene.act {
      exchange.acquire(from: pool)
      exchange.abandonDial()
    }
    scene.act { next.acquire(from: pool) }
    scene.wait("connected") { next.connection != nil }
    scene.run()
    #expect(exchange.events == [])
    #expect(scene.connector.counts.active == 1)
  }

  @Test func `many dials at a time all end`() throws {
    let scene = try UpstreamScene(dialsInFlight: 64)
    let pool = scene.makePool()
    let exchanges = (0..<64).map { _ in RecordingExchange() }
    scene.act { for exchange in exchanges { exchange.acquire(from: pool) } }
    scene.wait("connected") { exchanges.allSatisfy { $0.connection != nil } }
    scene.wait("accepted") { scene.server.hasAccepted(64) }
    scene.act { for exchange in exchanges { exchange.connection?.abandon() } }
    scene.run()
    #expect(scene.server.connections.count == 64)
    #expect(pool.isUnused)
  }
}
