import EventLoop
import Wire

@testable import Upstream

extension PoolSettings {
  /// Settings with short times, so that what should not happen does not take long.
  static func forTests(
    access: AddressPolicy.PrivateAccess = .all, own: [SocketAddress] = []
  ) -> PoolSettings {
    let head = HeadLimits(
      targetBytes: 0, fieldBytes: 65_536, fields: 256, fieldNameBytes: 65_536,
      fieldValueBytes: 65_536)
    return PoolSettings(
      policy: AddressPolicy(privateAccess: access, ownListeners: own), connectMilliseconds: 1000,
      nameMilliseconds: 1000, firstByteMilliseconds: 1000, idleMilliseconds: 1000,
      headLimits: head, chunkLimits: ChunkLimits(extensionBytes: 16_384, trailers: head))
  }
}
