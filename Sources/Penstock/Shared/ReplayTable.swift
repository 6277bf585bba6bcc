import EventLoop

/// Who waits for another's answer. Told on whatever thread that one is.
protocol ReplayListener: AnyObject, Sendable {
  func tell(_ answer: ReplayTable.Answer)
}

/// The answers to requests that carry an Idempotency-Key, for all workers.
///
/// The first request of a key is carried out; one that comes meanwhile waits for its answer, one
/// that comes within the window gets the answer that was kept. In memory, and bounded: where there
/// is no room the oldest answers go first. Never taken on the streaming route.
// Sendable: everything that changes is behind the lock.
final class ReplayTable: @unchecked Sendable {
  /// Whose key it is, and what the client sent as such.
  struct Key: Hashable, Sendable {
    let project: Int
    let text: [UInt8]
  }

  enum Answer: Sendable {
    /// An envelope, not compressed.
    case envelope([UInt8])
    case error(PenstockError, hasSentBytes: Bool)
    /// There was one, and it was too large, or its end was never seen.
    case notKept
  }

  /// What has to be done about a request.
  enum Claim {
    /// It is the first: it is carried out, and settled whatever comes.
    case first
    /// The waiter will be told.
    case wait
    case answer(Answer)
    /// The key stands for another request.
    case reused
  }

  private enum State {
    case running([any ReplayListener])
    case done(Answer)
  }

  private struct Entry {
    let digest: KeyDigest
    let number: UInt64
    var state: State
  }

  /// An answer that is kept, in the order in which they run out.
  private struct Kept {
    let key: Key
    let number: UInt64
    let expiresNanoseconds: Int64
    let bytes: Int
  }

  private let windowNanoseconds: Int64
  private let bytesMax: Int
  private let answerBytesMax: Int
  private let lock = Lock()
  private var entries: [Key: Entry] = [:]
  private var kept: [Kept] = []
  /// The ones before it have run out.
  private var keptHead = 0
  private var keptBytes = 0
  private var lastNumber: UInt64 = 0

  /// `bytesMax`: of all kept answers together; `answerBytesMax`: of one.
  init(_ configuration: IdempotencyConfiguration, answerBytesMax: Int) {
    windowNanoseconds = Int64(configuration.windowMilliseconds) * 1_000_000
    bytesMax = configuration.bytesMax
    self.answerBytesMax = answerBytesMax
  }

  // MARK: Before

  /// A request asks what is to become of it. `digest`: of all that it is, so that a key is not
  /// taken for two different ones.
  func claim(
    _ key: Key, _ digest: KeyDigest, _ waiter: any ReplayListener, nowNanoseconds: Int64
  ) -> Claim {
    lock.whileHeld {
      forgetExpired(nowNanoseconds)
      guard let entry = entries[key] else {
        lastNumber += 1
        entries[key] = Entry(digest: digest, number: lastNumber, state: .running([]))
        return .first
      }
      if entry.digest != digest { return .reused }
      switch entry.state {
      case .done(let answer): return .answer(answer)
      case .running(let waiters):
        entries[key]?.state = .running(waiters + [waiter])
        return .wait
      }
    }
  }

  /// One that waits is no longer interested.
  func leave(_ key: Key, _ waiter: any ReplayListener) {
    lock.whileHeld {
      guard case .running(let waiters)? = entries[key]?.state else { return }
      entries[key]?.state = .running(waiters.filter { $0 !== waiter })
    }
  }

  /// True where others wait for the answer to the first.
  func hasWaiters(_ key: Key) -> Bool {
    lock.whileHeld {
      guard case .running(let waiters)? = entries[key]?.state else { return false }
      return !waiters.isEmpty
    }
  }

  // MARK: After

  /// The first is over: all who wait are told. `keeps`: the answer is that of later ones, too; else
  /// the next one is carried out again.
  func settle(_ key: Key, _ answer: Answer, keeps: Bool, nowNanoseconds: Int64) {
    let bounded = bounded(answer)
    let waiters: [any ReplayListener] = lock.whileHeld {
      guard let entry = entries[key], case .running(let waiters) = entry.state else { return [] }
      if keeps {
        entries[key]?.state = .done(bounded)
        keep(key, entry.number, bounded, nowNanoseconds)
      } else {
        entries[key] = nil
      }
      return waiters
    }
    for waiter in waiters { waiter.tell(bounded) }
  }

  private func bounded(_ answer: Answer) -> Answer {
    if case .envelope(let body) = answer, body.count > answerBytesMax { return .notKept }
    return answer
  }

  private func keep(_ key: Key, _ number: UInt64, _ answer: Answer, _ nowNanoseconds: Int64) {
    var bytes = Self.entryBytes + key.text.count
    if case .envelope(let body) = answer { bytes += body.count }
    kept.append(
      Kept(
        key: key, number: number, expiresNanoseconds: nowNanoseconds + windowNanoseconds,
        bytes: bytes))
    keptBytes += bytes
    while keptBytes > bytesMax, keptHead < kept.count { forgetOldest() }
  }

  /// What an entry costs beside its key and its answer, about.
  private static let entryBytes = 256

  private func forgetExpired(_ nowNanoseconds: Int64) {
    var steps = 0
    while keptHead < kept.count, steps < Self.stepsMax,
      kept[keptHead].expiresNanoseconds <= nowNanoseconds
    {
      forgetOldest()
      steps += 1
    }
  }

  /// Of forgetting, in one claim: more than claims add.
  private static let stepsMax = 16

  private func forgetOldest() {
    let oldest = kept[keptHead]
    keptHead += 1
    keptBytes -= oldest.bytes
    if entries[oldest.key]?.number == oldest.number { entries[oldest.key] = nil }
    if keptHead > 1024, keptHead * 2 > kept.count {
      kept.removeFirst(keptHead)
      keptHead = 0
    }
  }
}
