import CSystem
import Wire

/// The ids of requests: the client's where it is plain, else a new one.
///
/// New ones are a random prefix a worker and a counter, scattered: unique across workers and
/// restarts, without a system call a request.
struct RequestIDs {
  private let prefix: UInt64
  private var counter: UInt64

  init() {
    var random: (UInt64, UInt64) = (0, 0)
    getrandom(&random, 16, 0)
    prefix = random.0
    counter = random.1
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
    RequestIDs.append(prefix, into: &id)
    RequestIDs.append(RequestIDs.scatter(counter), into: &id)
  }

  /// SplitMix64's finaliser (Steele et al., 2014), a bijection: what was distinct stays distinct.
  private static func scatter(_ number: UInt64) -> UInt64 {
    var mixed = number
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  private static func append(_ number: UInt64, into id: inout ByteBuffer) {
    _ = id.fill(minimum: 16) { space in
      var index = 0
      while index < 16 {
        let digit = UInt8(truncatingIfNeeded: (number >> UInt64(60 &- 4 &* index)) & 0xf)
        space[index] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
        index &+= 1
      }
      return 16
    }
  }
}
