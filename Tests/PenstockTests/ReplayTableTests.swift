import Synchronization
import Testing
import Wire

@testable import Penstock

/// Counts what it is told.
private final class Listener: ReplayListener {
  let told = Atomic(0)

  func tell(_ answer: ReplayTable.Answer) { told.add(1, ordering: .relaxed) }
}

@Suite struct ReplayTableTests {
  private static let second: Int64 = 1_000_000_000
  private let digest = KeyDigest(of: Array("a request".utf8).span)
  private let other = KeyDigest(of: Array("another one".utf8).span)

  private func table(bytesMax: Int = 1 << 20, answerBytesMax: Int = 1000) -> ReplayTable {
    ReplayTable(
      IdempotencyConfiguration(windowMilliseconds: 10_000, bytesMax: bytesMax),
      answerBytesMax: answerBytesMax)
  }

  private func key(_ text: String, project: Int = 0) -> ReplayTable.Key {
    ReplayTable.Key(project: project, text: Array(text.utf8))
  }

  /// What a claim comes to, in a word.
  private func claim(
    _ table: ReplayTable, _ key: ReplayTable.Key, _ digest: KeyDigest, at second: Int64 = 0,
    for listener: Listener = Listener()
  ) -> String {
    switch table.claim(key, digest, listener, nowNanoseconds: second * Self.second) {
    case .first: "first"
    case .wait: "wait"
    case .reused: "reused"
    case .answer(.envelope(let bytes)): String(decoding: bytes, as: UTF8.self)
    case .answer(.error(let error, _)): "\(error)"
    case .answer(.notKept): "not kept"
    }
  }

  private func settle(
    _ table: ReplayTable, _ key: ReplayTable.Key, _ answer: ReplayTable.Answer,
    keeps: Bool = true, at second: Int64 = 0
  ) {
    table.settle(key, answer, keeps: keeps, nowNanoseconds: second * Self.second)
  }

  @Test func `the first is carried out, and later ones get its answer until the window ends`() {
    let table = table()
    #expect(claim(table, key("a"), digest) == "first")
    #expect(claim(table, key("a"), digest) == "wait")
    #expect(claim(table, key("a"), other) == "reused")
    #expect(claim(table, key("a", project: 1), other) == "first")
    settle(table, key("a"), .envelope(Array("yes".utf8)), at: 5)
    #expect(claim(table, key("a"), digest, at: 14) == "yes")
    #expect(claim(table, key("a"), other, at: 14) == "reused")
    #expect(claim(table, key("a"), digest, at: 15) == "first")
  }

  @Test func `what is not kept is forgotten at once`() {
    let table = table()
    #expect(claim(table, key("a"), digest) == "first")
    settle(table, key("a"), .error(.upstreamConnectFailed, hasSentBytes: false), keeps: false)
    #expect(claim(table, key("a"), other) == "first")
  }

  @Test func `an answer that is too large leaves word that there was one`() {
    let table = table(answerBytesMax: 3)
    #expect(claim(table, key("a"), digest) == "first")
    settle(table, key("a"), .envelope(Array("four".utf8)))
    #expect(claim(table, key("a"), digest) == "not kept")
  }

  @Test func `the oldest answers go when there is no room`() {
    let table = table(bytesMax: 3000)
    for number in 0..<100 {
      #expect(claim(table, key("\(number)"), digest) == "first")
      settle(table, key("\(number)"), .envelope([UInt8](repeating: 0x78, count: 700)))
    }
    #expect(claim(table, key("0"), digest) == "first")
    #expect(claim(table, key("99"), digest).count == 700)
  }

  @Test func `whoever waits can be asked for, and can leave`() {
    let table = table()
    _ = claim(table, key("a"), digest)
    #expect(!table.hasWaiters(key("a")) && !table.hasWaiters(key("b")))
    let (left, stayed) = (Listener(), Listener())
    _ = claim(table, key("a"), digest, for: left)
    #expect(table.hasWaiters(key("a")))
    table.leave(key("a"), left)
    #expect(!table.hasWaiters(key("a")))
    _ = claim(table, key("a"), digest, for: stayed)
    settle(table, key("a"), .envelope([0x79]))
    #expect(left.told.load(ordering: .relaxed) == 0)
    #expect(stayed.told.load(ordering: .relaxed) == 1)
  }
}
