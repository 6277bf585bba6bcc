import CSystem
import Glibc

/// The socket calls that are not reading and writing: listen, accept, options, the peer.
public enum Socket {
  /// A listening, non-blocking socket. TCP ones carry SO_REUSEPORT: each worker has its own and
  /// the kernel shares connections out. A `unix:` path that a dead process left is replaced.
  /// Errors: `SystemFault` naming the call.
  public static func listen(on address: SocketAddress, backlog: Int32 = 4096)
    throws(SystemFault) -> Int32
  {
    let family = family(of: address)
    let descriptor = try make(family)
    var isListening = false
    defer { if !isListening { close(descriptor) } }
    if case .unix(let path) = address {
      removeDeadSocket(path)
    } else {
      set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
      set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)
      if family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
    }
    guard address.withSockaddr({ bind(descriptor, $0, $1) }) == 0 else {
      throw SystemFault(call: "bind", number: errno)
    }
    guard Glibc.listen(descriptor, backlog) == 0 else {
      throw SystemFault(call: "listen", number: errno)
    }
    isListening = true
    return descriptor
  }

  /// True where another process listens already: SO_REUSEPORT would share its port in silence.
  public static func isTaken(_ address: SocketAddress) -> Bool {
    if case .unix(let path) = address { return isAlive(path) }
    let family = if case .ipv4 = address { AF_INET } else { AF_INET6 }
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if descriptor < 0 { return false }
    defer { close(descriptor) }
    set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    if family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
    return address.withSockaddr { bind(descriptor, $0, $1) } != 0 && errno == EADDRINUSE
  }

  /// What an accept came to.
  public enum Accepted {
    case connection(Int32, peer: SocketAddress)
    case none
    /// The connection went away before it was accepted, or a signal came: try again.
    case again
    /// Descriptors or memory have run out, by errno.
    case exhausted(Int32)
  }

  /// Accepts one connection, non-blocking and close-on-exec.
  public static func accept(_ listener: Int32) -> Accepted {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        cs_accept4(listener, $0, &length, flags)
      }
    }
    if descriptor >= 0 {
      return .connection(descriptor, peer: SocketAddress(storage) ?? .unix(path: ""))
    }
    switch errno {
    case EAGAIN: return .none
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(errno)
    default: return .again  // ECONNABORTED, EINTR, and what accept(2) passes on from the network
    }
  }

  /// Begins to connect a non-blocking socket. It becomes writable when that has ended, and
  /// `connectError` says how.
  /// Errors: `SystemFault` naming the call, where it has failed already.
  public static func connect(to address: SocketAddress) throws(SystemFault) -> Int32 {
    let descriptor = try make(family(of: address))
    let result = address.withSockaddr { Glibc.connect(descriptor, $0, $1) }
    if result == 0 || errno == EINPROGRESS { return descriptor }
    let number = errno
    close(descriptor)
    throw SystemFault(call: "connect", number: number)
  }

  /// The errno of a connect that has ended; 0 where the connection stands.
  public static func connectError(of descriptor: Int32) -> Int32 {
    var number: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
    return number
  }

  /// How much the kernel takes in that nobody has read.
  public static func setReceiveBuffer(_ descriptor: Int32, bytes: Int) {
    set(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes))
  }

  /// Small writes leave at once: every write here is a whole message or a full buffer.
  public static func setNoDelay(_ descriptor: Int32) {
    set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  /// The local address of a bound socket, with the port that the kernel chose.
  public static func localAddress(of descriptor: Int32) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return result == 0 ? SocketAddress(storage) : nil
  }

  /// The addresses of this host's interfaces, with port 0 (getifaddrs(3)).
  public static func interfaceAddresses() -> [SocketAddress] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var found: [SocketAddress] = []
    var next = first
    while let entry = next {
      next = entry.pointee.ifa_next
      guard let address = entry.pointee.ifa_addr else { continue }
      let family = Int32(address.pointee.sa_family)
      guard family == AF_INET || family == AF_INET6 else { continue }
      let size =
        family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
      var storage = sockaddr_storage()
      memcpy(&storage, address, size)
      if let read = SocketAddress(storage) { found.append(read) }
    }
    return found
  }

  private static func make(_ family: Int32) throws(SystemFault) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else { throw SystemFault(call: "socket", number: errno) }
    return descriptor
  }

  private static func family(of address: SocketAddress) -> Int32 {
    switch address {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func isAlive(_ path: String) -> Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if descriptor < 0 { return false }
    defer { close(descriptor) }
    return SocketAddress.unix(path: path).withSockaddr { Glibc.connect(descriptor, $0, $1) } == 0
  }

  private static func removeDeadSocket(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK, !isAlive(path)
    else { return }
    unlink(path)
  }
}
