import EventLoop
import Wire

/// How connections of one account to one origin are dialled, kept and bounded.
public struct PoolSettings {
  public var policy: AddressPolicy
  /// A proxy to dial through, as a URL that libcurl takes; nil for none.
  public var proxy: String?
  /// nil for a plain origin.
  public var tls: TLSContext?
  public var connectMilliseconds: Int
  public var nameMilliseconds: Int
  public var nameCacheSeconds: Int
  public var firstByteMilliseconds: Int
  /// Between two reads of a body, and for a write that does not get on.
  public var idleMilliseconds: Int
  /// Of a connection that waits in the pool.
  public var keepMilliseconds: Int
  public var lifetimeMilliseconds: Int
  public var idleConnections: Int
  /// 0 is no limit.
  public var connections: Int
  public var headLimits: HeadLimits
  public var chunkLimits: ChunkLimits
  public var interimResponses: Int
  public var outputLowBytes: Int
  /// What was sent does not stay in memory.
  public var holdsSecrets = false

  public init(
    policy: AddressPolicy, proxy: String? = nil, tls: TLSContext? = nil,
    connectMilliseconds: Int = 5_000, nameMilliseconds: Int = 3_000, nameCacheSeconds: Int = 60,
    firstByteMilliseconds: Int = 55_000, idleMilliseconds: Int = 60_000,
    keepMilliseconds: Int = 55_000, lifetimeMilliseconds: Int = 600_000,
    idleConnections: Int = 512, connections: Int = 0, headLimits: HeadLimits,
    chunkLimits: ChunkLimits, interimResponses: Int = 32, outputLowBytes: Int = 65_536
  ) {
    self.policy = policy
    self.proxy = proxy
    self.tls = tls
    self.connectMilliseconds = connectMilliseconds
    self.nameMilliseconds = nameMilliseconds
    self.nameCacheSeconds = nameCacheSeconds
    self.firstByteMilliseconds = firstByteMilliseconds
    self.idleMilliseconds = idleMilliseconds
    self.keepMilliseconds = keepMilliseconds
    self.lifetimeMilliseconds = lifetimeMilliseconds
    self.idleConnections = idleConnections
    self.connections = connections
    self.headLimits = headLimits
    self.chunkLimits = chunkLimits
    self.interimResponses = interimResponses
    self.outputLowBytes = outputLowBytes
  }
}
