import EventLoop

/// Which addresses may be dialled for an account: the only sound gate against private targets,
/// because it judges what was resolved, not what was written.
public struct AddressPolicy: Sendable {
  /// What of the private world is permitted.
  public enum PrivateAccess: Sendable {
    case none
    case all
    case blocks([AddressBlock])

    fileprivate var isAll: Bool { if case .all = self { true } else { false } }
  }

  public let privateAccess: PrivateAccess
  /// Where this process listens itself; dialling that is a loop.
  public let ownListeners: [SocketAddress]

  public init(privateAccess: PrivateAccess, ownListeners: [SocketAddress]) {
    self.privateAccess = privateAccess
    self.ownListeners = ownListeners
  }

  /// True where the address may be dialled. Unix sockets may not.
  public func permits(_ address: SocketAddress) -> Bool {
    if isOwnListener(address) { return false }
    let bytes: [UInt8]
    switch address {
    case .ipv4(let octets, _), .ipv6(let octets, _): bytes = octets
    case .unix: return false
    }
    switch AddressKind(bytes) {
    case .public: return true
    case .never: return false
    case .private:
      guard case .blocks(let blocks) = privateAccess else { return privateAccess.isAll }
      for block in blocks where block.contains(bytes.span) { return true }
      return false
    }
  }

  /// Any loopback address reaches a listener on the wildcard, so the port alone decides there.
  private func isOwnListener(_ address: SocketAddress) -> Bool {
    let reached = address.reached
    return ownListeners.contains { own in
      own.reached == reached
        || own.port == address.port && own.isWildcard && reached.isLoopback
    }
  }
}

extension SocketAddress {
  /// The address that a dial to this one ends at: IPv4 out of its mapped form, and this host itself
  /// for the wildcard (Linux takes it so).
  fileprivate var reached: SocketAddress {
    switch self {
    case .ipv6(let bytes, let port)
    where bytes[0..<10].allSatisfy({ $0 == 0 }) && bytes[10] == 0xff && bytes[11] == 0xff:
      SocketAddress.ipv4(Array(bytes[12...]), port: port).reached
    case .ipv4(_, let port) where isWildcard: .ipv4([127, 0, 0, 1], port: port)
    case .ipv6(_, let port) where isWildcard:
      .ipv6([UInt8](repeating: 0, count: 15) + [1], port: port)
    default: self
    }
  }

  fileprivate var isWildcard: Bool {
    switch self {
    case .ipv4(let bytes, _), .ipv6(let bytes, _): bytes.allSatisfy { $0 == 0 }
    case .unix: false
    }
  }
}
