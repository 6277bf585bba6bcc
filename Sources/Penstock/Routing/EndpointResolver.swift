import EventLoop
import Upstream
import Wire

/// Where an envelope's `endpoint` points: the base URL and below, or another allowed origin.
///
/// A URL is read once, by a grammar without guesses, and what is dialled and sent is written from
/// what was read; nothing re-reads the text.
struct EndpointResolver: ~Copyable {
  struct Resolved {
    let origin: Origin
    let isBase: Bool
    /// Path and query within the endpoint.
    let target: Slice
    /// The target has to be put behind the base URL's path.
    let isRelative: Bool
  }

  private var pathRule = PathRule()
  private let endpointBytesMax: Int

  init(endpointBytesMax: Int) { self.endpointBytesMax = endpointBytesMax }

  mutating func resolve(
    _ endpoint: Span<UInt8>, for account: Account
  ) throws(PenstockError) -> Resolved {
    if endpoint.count > endpointBytesMax { throw .endpointTooLong }
    if endpoint.isEmpty || !AbsoluteURL.isPlain(endpoint) { throw .invalidEndpoint }
    if endpoint[0] == 0x2f { return try resolveRelative(endpoint, account) }
    return try resolveAbsolute(endpoint, account)
  }

  private mutating func resolveRelative(
    _ endpoint: Span<UInt8>, _ account: Account
  ) throws(PenstockError) -> Resolved {
    if endpoint.count > 1, endpoint[1] == 0x2f { throw .invalidEndpoint }
    try checkPath(endpoint)
    let base = account.base
    return Resolved(
      origin: Origin(isTLS: base.isTLS, host: base.host, port: base.port), isBase: true,
      target: Slice(start: 0, count: endpoint.count), isRelative: true)
  }

  private mutating func checkPath(_ target: Span<UInt8>) throws(PenstockError) {
    let end = target.index(of: 0x3f, from: 0) ?? target.count
    let path = target.extracting(0..<end)
    switch pathRule.fault(in: path) {
    case .malformed: throw .invalidEndpoint
    case .dotSegment: throw .dotSegments
    case nil: break
    }
    if pathRule.beginsWithAuthority(path) { throw .invalidEndpoint }
  }

  // MARK: Absolute

  private mutating func resolveAbsolute(
    _ endpoint: Span<UInt8>, _ account: Account
  ) throws(PenstockError) -> Resolved {
    let url = try AbsoluteURL(endpoint)
    let (origin, end) = (url.origin, url.targetStart)
    try checkPath(endpoint.extracting(end..<endpoint.count))
    let verdict = EgressPolicy.judge(origin, for: account)
    if case .denied = verdict { throw .originMismatch }
    // A literal with a root dot is an address to some resolvers and a name to others.
    if origin.host.hasSuffix("."),
      SocketAddress.ipv4Bytes(String(origin.host.dropLast())) != nil
    {
      throw .destinationNotAllowed
    }
    let isBase = if case .base = verdict { true } else { false }
    return Resolved(
      origin: origin, isBase: isBase, target: Slice(start: end, count: endpoint.count - end),
      isRelative: false)
  }
}
