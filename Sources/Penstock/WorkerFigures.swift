import Body
import Upstream

/// What a worker's connector, codings and buffers count for themselves, at the end of a turn.
struct WorkerFigures: Equatable {
  var connector = ConnectorCounts()
  var codings = CodingCounts()
  var keptBufferBytes = 0
}

extension Worker {
  /// Tells the shard what has changed since the last turn.
  func countFigures() {
    let figures = WorkerFigures(
      connector: connector.counts, codings: codings.counts, keptBufferBytes: blocks.keptBytes)
    if figures == told { return }
    count(figures.connector, told.connector)
    count(figures.codings, told.codings)
    shard.addLevel(.keptBufferBytes, figures.keptBufferBytes - told.keptBufferBytes)
    told = figures
  }

  private func count(_ now: ConnectorCounts, _ before: ConnectorCounts) {
    if now == before { return }
    shard.addConnections(.upstreamActive, now.active - before.active)
    shard.addConnections(.upstreamIdle, now.idle - before.idle)
    shard.addLevel(.requestsQueued, now.queued - before.queued)
    shard.addLevel(.dials, now.dials - before.dials)
    let resumed = now.resumedHandshakes - before.resumedHandshakes
    shard.addTotal(.resumedHandshakes, resumed)
    shard.addTotal(.fullHandshakes, now.handshakes - before.handshakes - resumed)
    for _ in before.unsolicited..<now.unsolicited {
      shard.countError(account: -1, error: PenstockError.upstreamUnsolicited.rawValue)
    }
  }

  private func count(_ now: CodingCounts, _ before: CodingCounts) {
    if now == before { return }
    shard.addTotal(.encodedIn, now.encodedIn - before.encodedIn)
    shard.addTotal(.encodedOut, now.encodedOut - before.encodedOut)
    shard.addTotal(.decodedIn, now.decodedIn - before.decodedIn)
    shard.addTotal(.decodedOut, now.decodedOut - before.decodedOut)
  }
}
