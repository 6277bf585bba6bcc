import EventLoop

/// Where connections lead to: an address, and over TLS the name that its certificate must be for.
struct LoadOrigin: Hashable, Sendable {
  let address: SocketAddress
  let isTLS: Bool
  let host: String

  var isAddressLiteral: Bool {
    SocketAddress.ipv4Bytes(host) != nil || SocketAddress.ipv6Bytes(host) != nil
  }
}
