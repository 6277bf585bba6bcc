import CSystem
import EventLoop

/// Dials for one worker: holds what its dials share, and their number within bounds.
///
/// libcurl dials because it brings asynchronous name lookups, happy eyeballs (RFC 8305) and
/// proxies; see ARCHITECTURE.md. Used by its loop's thread only.
public final class Dialer {
  let loop: EventLoop
  /// The worker's DNS cache.
  let share: UnsafeMutableRawPointer?
  /// Owned here until they end.
  private var dials: [ObjectIdentifier: Dial] = [:]
  private let inFlightMax: Int
  private var turn = 0
  private var startedInTurn = 0

  /// Prepares libcurl for the whole process; before any other thread is started
  /// (curl_global_init(3)).
  public static func prepareProcess() { curl_global_init(Int(CURL_GLOBAL_NOTHING)) }

  public init(loop: EventLoop, inFlightMax: Int) {
    self.loop = loop
    self.inFlightMax = inFlightMax
    share = curl_share_init()
    _ = cs_share_set_long(share, CURLSHOPT_SHARE, Int(CURL_LOCK_DATA_DNS.rawValue))
  }

  deinit { curl_share_cleanup(share) }

  var dialsInFlight: Int { dials.count }

  /// Begins a dial, which tells `target` how it ended; nil where too many are under way.
  func dial(_ origin: Origin, _ settings: PoolSettings, _ target: any DialTarget) -> Dial? {
    if dials.count >= inFlightMax { return nil }
    let dial = Dial(self, origin, settings, target)
    dials[ObjectIdentifier(dial)] = dial
    loop.mark(dial)
    return dial
  }

  /// False once this turn has begun as many dials as it may: each costs some 200 µs of handles,
  /// options and a socket, which a crowd of them would take from everyone else.
  func mayStartInThisTurn() -> Bool {
    if turn != loop.turns {
      turn = loop.turns
      startedInTurn = 0
    }
    startedInTurn += 1
    return startedInTurn <= Self.startsPerTurn
  }

  private static let startsPerTurn = 4

  func onEnded(_ dial: Dial) { dials[ObjectIdentifier(dial)] = nil }
}
