import Telemetry
import Testing
import Wire

@testable import Penstock

/// What is remembered of an account's last minute, and how long it is in trouble.
@Suite struct AccountHistoryTests {
  private static let second: Int64 = 1_000_000_000

  /// An account that is looked at every other second; requests are counted by a shard, as they are
  /// in a worker.
  private final class Scene {
    let shard = MetricShard(AccountRows(accounts: 1, rowsMax: 1))
    var history: AccountHistory
    var now = 1000 * AccountHistoryTests.second
    private let empty: StatusFigures
    private var errors = SparseRowSum(width: MetricShard.errorsMax)
    private var codes = SparseRowSum(width: MetricShard.codeSpan)

    init() {
      empty = StatusFigures(boundsOf: shard)
      history = AccountHistory(empty, nanoseconds: now)
    }

    var worst: Trouble? { history.troubles.first?.kind }

    func answer(_ code: Int, count: Int = 1) {
      for _ in 0..<count {
        shard.observeDuration(account: 0, nanoseconds: 2_000_000)
        shard.countUpstreamResponse(account: 0, code: code)
      }
    }

    func pass(seconds: Int64, _ quota: Quota = Quota()) {
      for _ in 0..<(seconds / 2) {
        now += 2 * AccountHistoryTests.second
        var figures = empty
        figures.add([shard], row: 0, &errors, &codes)
        history.take(
          figures, nanoseconds: now, quota,
          nowUnixSeconds: Int(now / AccountHistoryTests.second))
      }
    }
  }

  @Test func `what is recent began a minute ago and no more than a few seconds before`() {
    let scene = Scene()
    scene.pass(seconds: 2)
    #expect(scene.history.recentNanoseconds == 2 * Self.second)
    for _ in 0..<100 {
      scene.answer(200)
      scene.pass(seconds: 2)
      let requests = Int64(scene.history.recent.requests)
      let length = scene.history.recentNanoseconds
      #expect(length < 72 * Self.second)
      #expect(requests == min(length, scene.now - 1002 * Self.second) / (2 * Self.second))
    }
    #expect(scene.history.recentNanoseconds >= 60 * Self.second)
    #expect(scene.history.total.requests == 100)
  }

  @Test func `a trouble lasts from its first sample until a minute without it`() {
    let scene = Scene()
    scene.answer(200, count: 10)
    scene.pass(seconds: 20)
    #expect(scene.worst == nil)
    scene.answer(503, count: 5)
    scene.pass(seconds: 2)
    let begun = scene.now
    #expect(scene.worst == .upstreamFailing)
    scene.pass(seconds: 40)
    #expect(scene.worst == .upstreamFailing)
    #expect(scene.history.troubles.first?.sinceNanoseconds == begun)
    scene.pass(seconds: 40)
    #expect(scene.worst == nil)
    scene.answer(401, count: 5)
    scene.pass(seconds: 2)
    #expect(scene.worst == .credentialRefused)
    #expect(scene.history.troubles.first?.sinceNanoseconds == scene.now)
  }

  @Test func `a share counts from three failures on and above a tenth`() {
    let scene = Scene()
    scene.answer(500, count: 2)
    scene.answer(200)
    scene.pass(seconds: 2)
    #expect(scene.worst == nil)
    scene.answer(500)
    scene.answer(200, count: 26)
    scene.pass(seconds: 2)
    #expect(scene.worst == nil)  // 3 of 30
    scene.answer(500)
    scene.pass(seconds: 2)
    #expect(scene.worst == .upstreamFailing)  // 4 of 31
    #expect(scene.history.recent.successRatio == 1 - 4.0 / 31)
  }

  @Test func `a quota is low until its time is over`() {
    let scene = Scene()
    let reset = Int(scene.now / Self.second) + 10
    let quota = Quota(limit: 100, remaining: 9, resetUnixSeconds: reset, retryUnixSeconds: nil)
    scene.pass(seconds: 2, quota)
    #expect(scene.worst == .quotaLow)
    scene.pass(seconds: 10, quota)
    #expect(scene.worst == nil)
    var wait = Quota()
    wait.retryUnixSeconds = reset + 60
    scene.pass(seconds: 2, wait)
    #expect(scene.worst == .throttled)
  }

  @Test func `a tunnel that fell silent is no failure, and a caller's error is none of ours`() {
    let scene = Scene()
    for error in [PenstockError.tunnelIdle, .unauthorized, .clientAborted] {
      scene.shard.countError(account: 0, error: error.rawValue)
      scene.shard.observeDuration(account: 0, nanoseconds: 1)
    }
    scene.pass(seconds: 2)
    #expect(scene.worst == nil)
    #expect(scene.history.recent.successRatio == 1)
    #expect(scene.history.recent.callerErrors == 2)
    scene.shard.countError(account: 0, error: PenstockError.internalError.rawValue)
    scene.shard.observeDuration(account: 0, nanoseconds: 1)
    scene.pass(seconds: 2)
    #expect(scene.worst == .internalErrors)
    #expect(scene.history.recent.successRatio == 0.75)
  }

  @Test func `each trouble has a beginning of its own, and the worst is told first`() {
    let scene = Scene()
    scene.answer(503, count: 5)
    scene.pass(seconds: 2)
    let begun = scene.now
    scene.pass(seconds: 10)
    scene.shard.countError(account: 0, error: PenstockError.spoolUnavailable.rawValue)
    scene.shard.countError(account: 0, error: PenstockError.internalError.rawValue)
    scene.pass(seconds: 2)
    #expect(scene.history.troubles.map(\.kind) == [.internalErrors, .upstreamFailing, .atLimit])
    #expect(scene.history.troubles.map(\.sinceNanoseconds) == [scene.now, begun, scene.now])
  }

  @Test func `one request that failed is all of them where nothing else was asked`() {
    let scene = Scene()
    scene.answer(503)
    scene.pass(seconds: 2)
    #expect(scene.worst == .upstreamFailing)
    scene.answer(200)
    scene.pass(seconds: 2)
    #expect(scene.worst == nil)
  }
}
