import EventLoop
import Wire

/// All upstream connections of one worker: dials, pools, and the TLS settings that they share.
///
/// Used by its loop's thread only.
public final class Connector {
  public var counts: ConnectorCounts {
    var counts = tally
    counts.dials = dialer.dialsInFlight
    return counts
  }

  private var tally = ConnectorCounts()
  let loop: EventLoop
  let dialer: Dialer
  let blocks: BlockPool
  let pipes: PipePool
  private var contexts: [String: TLSContext] = [:]

  public init(loop: EventLoop, blocks: BlockPool, pipes: PipePool, dialsInFlight: Int) {
    self.loop = loop
    self.blocks = blocks
    self.pipes = pipes
    dialer = Dialer(loop: loop, inFlightMax: dialsInFlight)
  }

  /// The TLS settings for a file of roots, nil for the system's; parsed once.
  public func tlsContext(caFile: String?) throws(TLSContextFault) -> TLSContext {
    let key = caFile ?? ""
    if let known = contexts[key] { return known }
    let made = try TLSContext(caFile: caFile)
    contexts[key] = made
    return made
  }

  /// A new pool for one account and origin; the caller keeps it.
  public func makePool(_ origin: Origin, _ settings: PoolSettings) -> ConnectionPool {
    ConnectionPool(self, origin, settings)
  }

  func count(active: Int = 0, idle: Int = 0, queued: Int = 0, unsolicited: Int = 0) {
    tally.active += active
    tally.idle += idle
    tally.queued += queued
    tally.unsolicited += unsolicited
    assert(tally.active >= 0 && tally.idle >= 0, "more connections ended than were made")
    assert(tally.queued >= 0, "more left the queue than were in it")
  }

  func countHandshake(isResumed: Bool) {
    tally.handshakes += 1
    if isResumed { tally.resumedHandshakes += 1 }
  }
}
