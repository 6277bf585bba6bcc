import CSystem
import Wire

/// The ids of requests: the client's where it is plain, else a new one. And those of traces.
///
/// New ones are a random prefix a worker and a counter, scattered: unique across workers and
/// restarts, without a system call a request.
struct RequestIDs {
  private let prefix: UInt64
  private var counter: UInt64
  private var traces: UInt64
  private var spans: UInt64

  init() {
    var random: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    getrandom(&random, 32, 0)
    prefix = random.0
    counter = random.1
    traces = random.2
    spans = random.3
  }

  /// 1 to 64 of `A-Z a-z 0-9 . _ -`: nothing that could act in a log, a header or a path.
  static func isUsable(_ id: Span<UInt8>) -> Bool {
    if id.isEmpty || id.count > 64 { return false }
    var index = 0
    while index < id.count {
      if !ByteClass.isRequestID(id[index]) { return false }
      index &+= 1
    }
    return true
  }

  /// Appends 32 hexadecimal digits that no other request has.
  mutating func appendNew(to id: inout ByteBuffer) {
    counter &+= 1
    id.append(sixteenDigits: prefix)
    id.append(sixteenDigits: RequestIDs.scatter(counter))
  }

  /// A trace that nobody has begun yet.
  ///
  /// Not sampled, as is the default for who begins one (W3C Trace Context §3.2.2.5.1): Penstock
  /// records no spans, and asking every upstream to do so is not its to decide.
  mutating func beginTrace() -> TraceParent {
    TraceParent(
      traceHigh: RequestIDs.next(&traces), traceLow: RequestIDs.next(&spans), span: newSpan(),
      flags: TraceParent.random)
  }

  /// The id of a new span; not 0.
  mutating func newSpan() -> UInt64 { RequestIDs.next(&spans) }

  /// SplitMix64: random enough for ids that nothing depends on being secret. Not 0.
  private static func next(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    if state == 0 { state = 0x9e37_79b9_7f4a_7c15 }
    return scatter(state)
  }

  /// SplitMix64's finaliser (Steele et al., 2014), a bijection: what was distinct stays distinct.
  private static func scatter(_ number: UInt64) -> UInt64 {
    var mixed = number
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
