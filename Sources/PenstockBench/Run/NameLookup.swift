import EventLoop
import Glibc

/// Finds a host's address, once and before the run: lookups are not what is measured.
enum NameLookup {
  /// The first address that takes a connection. Of a single one nobody asks.
  static func address(host: String, port: UInt16) throws(RunFault) -> SocketAddress {
    let found = try addresses(host: host).map { $0.with(port: port) }
    if found.count == 1 { return found[0] }
    return found.first(where: isConnectable) ?? found[0]
  }

  private static func addresses(host: String) throws(RunFault) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, nil, &hints, &first)
    guard result == 0 else {
      throw RunFault("cannot look up \(host): \(String(cString: gai_strerror(result)))")
    }
    defer { freeaddrinfo(first) }
    var found: [SocketAddress] = []
    var next = first
    while let entry = next {
      next = entry.pointee.ai_next
      guard let address = entry.pointee.ai_addr else { continue }
      var storage = sockaddr_storage()
      memcpy(&storage, address, Int(entry.pointee.ai_addrlen))
      if let read = SocketAddress(storage) { found.append(read) }
    }
    guard !found.isEmpty else { throw RunFault("\(host) has no address") }
    return found
  }

  private static func isConnectable(_ address: SocketAddress) -> Bool {
    guard let descriptor = try? Socket.connect(to: address) else { return false }
    defer { close(descriptor) }
    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&wanted, 1, patienceMilliseconds) == 1
      && Socket.connectError(of: descriptor) == 0
  }

  private static let patienceMilliseconds: Int32 = 2000
}
