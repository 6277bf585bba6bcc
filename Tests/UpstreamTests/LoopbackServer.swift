import EventLoop
import Glibc

@testable import Upstream

/// A listener on the loopback whose connections a test reads and answers itself, without blocking.
final class LoopbackServer {
  let address: SocketAddress
  private let listener: Int32
  private(set) var connections: [Int32] = []

  init() throws {
    listener = try Socket.listen(on: .ipv4([127, 0, 0, 1], port: 0))
    address = Socket.localAddress(of: listener) ?? .unix(path: "")
  }

  deinit {
    for connection in connections where connection >= 0 { Glibc.close(connection) }
    Glibc.close(listener)
  }

  var port: UInt16 { address.port ?? 0 }
  var origin: Origin { Origin(isTLS: false, host: "127.0.0.1", port: port) }

  /// Takes what has connected; true once there are `count`.
  func hasAccepted(_ count: Int) -> Bool {
    while case .connection(let descriptor, _) = Socket.accept(listener) {
      connections.append(descriptor)
    }
    return connections.count >= count
  }

  /// What has arrived on a connection since the last look; nil where its peer has closed it.
  func received(on index: Int) -> String? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = recv(connections[index], &bytes, bytes.count, Int32(MSG_DONTWAIT))
    if count < 0 { return errno == EAGAIN ? "" : nil }
    return count == 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  func send(_ text: String, on index: Int) {
    _ = text.utf8.withContiguousStorageIfAvailable {
      Glibc.send(connections[index], $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  /// Sends what the socket takes now of more than it may take at once; returns how much that was.
  func sendSome(_ bytes: ArraySlice<UInt8>, on index: Int) -> Int {
    bytes.withUnsafeBytes {
      max(0, Glibc.send(connections[index], $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)))
    }
  }

  /// Ends its side; what the other one sends is still taken.
  func shutDownWrites(_ index: Int) { shutdown(connections[index], Int32(SHUT_WR)) }

  func close(_ index: Int) {
    Glibc.close(connections[index])
    connections[index] = -1
  }

  /// Ends a connection with RST.
  func reset(_ index: Int) {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    let size = socklen_t(MemoryLayout<Glibc.linger>.size)
    setsockopt(connections[index], SOL_SOCKET, SO_LINGER, &linger, size)
    close(index)
  }
}
