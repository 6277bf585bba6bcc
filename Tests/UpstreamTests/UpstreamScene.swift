import EventLoop
import Testing
import Wire

@testable import Upstream

/// One worker's upstream side on a loop of its own, and the list of what a test does with it.
///
/// The steps are taken one after the other at the ends of turns; a step that answers false is asked
/// again. All of it runs on the test's thread.
final class UpstreamScene: TurnEndHandler {
  let loop: EventLoop
  let connector: Connector
  let server: LoopbackServer
  private let ticker: Ticker
  private var steps: [(name: String, step: () -> Bool)] = []
  private var taken = 0
  private var endNanoseconds: Int64 = 0
  private static let patienceNanoseconds: Int64 = 10_000_000_000

  init(dialsInFlight: Int = 16, pipesMax: Int = 4) throws {
    Self.prepare
    loop = try EventLoop()
    connector = Connector(
      loop: loop, blocks: BlockPool(),
      pipes: PipePool(loop: loop, pipesMax: pipesMax, pipeBytes: 1 << 16),
      dialsInFlight: dialsInFlight)
    server = try LoopbackServer()
    ticker = Ticker()
  }

  private static let prepare: Void = Dialer.prepareProcess()

  func makePool(
    _ origin: Origin? = nil, _ change: (inout PoolSettings) -> Void = { _ in }
  ) -> ConnectionPool {
    var settings = PoolSettings.forTests()
    change(&settings)
    return connector.makePool(origin ?? server.origin, settings)
  }

  // MARK: Steps

  /// Does something once.
  func act(_ name: String = "act", _ body: @escaping () -> Void) {
    steps.append(
      (
        name,
        {
          body(); return true
        }
      ))
  }

  /// Waits until it holds.
  func wait(_ name: String, until isDone: @escaping () -> Bool) {
    steps.append((name, isDone))
  }

  /// Lets so much time go by, for what must not happen.
  func pause(milliseconds: Int64) {
    var end: Int64?
    wait("pause") { [loop] in
      if end == nil { end = loop.nowNanoseconds + milliseconds * 1_000_000 }
      return loop.nowNanoseconds >= end ?? 0
    }
  }

  /// Has `exchange` send a request and waits until the server has it whole on connection `index`.
  func request(_ exchange: RecordingExchange, on index: Int, _ text: String = getRequest) {
    act { exchange.send(text) }
    var received = ""
    wait("request on \(index)") { [server] in
      _ = server.hasAccepted(index + 1)
      guard server.connections.count > index else { return false }
      received += server.received(on: index) ?? ""
      return received == text
    }
  }

  /// A scene's exchange whose connection is there.
  func connected(_ change: (inout PoolSettings) -> Void = { _ in }) -> RecordingExchange {
    let pool = makePool(nil, change)
    let exchange = RecordingExchange()
    act { exchange.acquire(from: pool) }
    wait("connected") { exchange.connection != nil }
    return exchange
  }

  /// Sends an answer on connection `index`, however much it is.
  func answer(_ text: String, on index: Int) {
    let bytes = Array(text.utf8)
    var sent = 0
    wait("answered on \(index)") { [server] in
      sent += server.sendSome(bytes[sent...], on: index)
      return sent == bytes.count
    }
  }

  /// A whole exchange on connection `index`, which then is back in the pool.
  func exchange(
    _ exchange: RecordingExchange, on index: Int, answer: String = okAnswer
  ) {
    request(exchange, on: index)
    act { [server] in server.send(answer, on: index) }
    wait("answer on \(index)") { exchange.isEnded }
    act { exchange.connection?.release() }
  }

  /// Takes all steps.
  func run() {
    loop.setTurnEndHandler(self)
    endNanoseconds = loop.nowNanoseconds + Self.patienceNanoseconds
    ticker.start(loop)
    loop.run()
  }

  func onTurnEnd() {
    while taken < steps.count {
      if !steps[taken].step() { break }
      taken += 1
    }
    if taken == steps.count {
      loop.stop()
    } else if loop.nowNanoseconds > endNanoseconds {
      Issue.record("waited in vain for step \(taken): \(steps[taken].name)")
      loop.stop()
    }
  }
}

let getRequest = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
let okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/// Keeps a loop turning, for steps that wait for what no event tells.
private final class Ticker: Watcher {
  private var timeout: Timeout?
  private weak var loop: EventLoop?

  func start(_ loop: EventLoop) {
    self.loop = loop
    timeout = Timeout(owner: self, loop: loop)
    onTimeout()
  }

  override func onTimeout(_ timeout: Timeout) { onTimeout() }

  private func onTimeout() {
    guard let loop else { return }
    timeout?.set(atNanoseconds: loop.nowNanoseconds + 1_000_000)
  }
}
