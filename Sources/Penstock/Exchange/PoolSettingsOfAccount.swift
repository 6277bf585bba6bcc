import EventLoop
import Upstream
import Wire

extension PoolSettings {
  /// What an account's configuration says of connections to one of its origins.
  init(
    _ account: Account, _ configuration: Configuration, isBase: Bool, tls: TLSContext?,
    ownListeners: [SocketAddress]
  ) {
    self.init(
      configuration.limits, tls: tls,
      policy: AddressPolicy(
        privateAccess: PoolSettings.privateAccess(account, isBase: isBase),
        ownListeners: ownListeners))
    proxy = account.proxy
    connectMilliseconds = account.timeouts.connectMilliseconds
    nameMilliseconds = min(nameMilliseconds, connectMilliseconds)
    firstByteMilliseconds = account.timeouts.firstByteMilliseconds
    idleMilliseconds = account.timeouts.idleMilliseconds
    keepMilliseconds = account.pool.idleTimeoutMilliseconds
    lifetimeMilliseconds = account.pool.lifetimeMilliseconds
    idleConnections = account.pool.idle
    connections = account.pool.connections
  }

  /// Of a body that is fetched for an envelope: public addresses, and those that are named.
  init(ofFetch configuration: Configuration, tls: TLSContext?, ownListeners: [SocketAddress]) {
    self.init(
      configuration.limits, tls: tls,
      policy: AddressPolicy(
        privateAccess: .blocks(configuration.execute.binaryURLAllow), ownListeners: ownListeners))
    idleConnections = 0
  }

  private init(_ limits: Limits, tls: TLSContext?, policy: AddressPolicy) {
    self.init(
      policy: policy,
      headLimits: HeadLimits(
        targetBytes: 0, fieldBytes: limits.upstreamHeaderBytes, fields: limits.upstreamHeaders,
        fieldNameBytes: limits.upstreamHeaderBytes,
        fieldValueBytes: limits.upstreamHeaderBytes),
      chunkLimits: ChunkLimits(
        extensionBytes: limits.chunkExtensionBytes,
        trailers: HeadLimits(
          targetBytes: 0, fieldBytes: limits.trailerBytes, fields: limits.upstreamHeaders,
          fieldNameBytes: limits.headerNameBytes, fieldValueBytes: limits.headerValueBytes)))
    self.tls = tls
    nameMilliseconds = limits.dnsTimeoutMilliseconds
    nameCacheSeconds = limits.dnsCacheMilliseconds / 1000
    interimResponses = limits.upstreamInterimResponses
    outputLowBytes = limits.writeBufferLowBytes
  }

  /// A base URL that is written as a private address, or as localhost, has said so for itself.
  private static func privateAccess(
    _ account: Account, isBase: Bool
  ) -> AddressPolicy.PrivateAccess {
    if isBase, isPrivateLiteral(account.base.host) { return .all }
    return switch account.allowPrivate {
    case .no: .none
    case .yes: .all
    case .blocks(let blocks): .blocks(blocks)
    }
  }

  private static func isPrivateLiteral(_ host: String) -> Bool {
    if host == "localhost" { return true }
    let bytes = SocketAddress.ipv4Bytes(host) ?? SocketAddress.ipv6Bytes(host)
    return bytes.map { AddressKind($0) == .private } ?? false
  }
}
