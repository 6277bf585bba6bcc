import EventLoop

/// How many connections each client's address has open, in all workers together.
///
/// Of an IPv6 address the first half counts: who has one address mostly has all of its /64. Clients
/// of a unix socket have no address and no limit.
// Sendable: all that changes is behind the lock, which a connection takes twice in its life.
final class AddressCounts: @unchecked Sendable {
  private let limit: Int
  private let lock = Lock()
  private var counts: [UInt64: Int] = [:]

  /// `limit`: of one address; 0 is none, and then nothing is counted.
  init(limit: Int) { self.limit = limit }

  /// False where the address has as many as it may have. Either way one is in, and has to leave.
  func enter(_ address: SocketAddress) -> Bool {
    guard limit > 0, let key = Self.key(address) else { return true }
    return lock.whileHeld {
      let count = counts[key, default: 0] + 1
      counts[key] = count
      return count <= limit
    }
  }

  func leave(_ address: SocketAddress) {
    guard limit > 0, let key = Self.key(address) else { return }
    lock.whileHeld {
      let count = counts[key, default: 1] - 1
      counts[key] = count > 0 ? count : nil
    }
  }

  /// An IPv4 address behind what no IPv6 address of a host begins with. Listeners on IPv6 take
  /// nothing else (IPV6_V6ONLY), so that there are no mapped ones.
  private static func key(_ address: SocketAddress) -> UInt64? {
    switch address {
    case .ipv4(let bytes, _): bytes.reduce(0xffff_ffff) { $0 << 8 | UInt64($1) }
    case .ipv6(let bytes, _): bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    case .unix: nil
    }
  }
}
