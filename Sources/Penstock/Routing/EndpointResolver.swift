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
    if endpoint.isEmpty { throw .invalidEndpoint }
    var index = 0
    while index < endpoint.count {
      if !ByteClass.isTarget(endpoint[index]) || endpoint[index] == 0x5c { throw .invalidEndpoint }
      index &+= 1
    }
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
    let (isTLS, authorityStart) = try scheme(endpoint)
    var end = authorityStart
    while end < endpoint.count, endpoint[end] != 0x2f, endpoint[end] != 0x3f { end &+= 1 }
    let authority = endpoint.extracting(authorityStart..<end)
    if authority.index(of: 0x40, from: 0) != nil { throw .userinfoNotAllowed }
    guard let (host, port) = hostAndPort(authority, isTLS: isTLS) else { throw .invalidEndpoint }
    try checkPath(endpoint.extracting(end..<endpoint.count))
    let origin = Origin(isTLS: isTLS, host: host, port: port)
    let verdict = EgressPolicy.judge(origin, for: account)
    if case .denied = verdict { throw .originMismatch }
    // A literal with a root dot is an address to some resolvers and a name to others.
    if host.hasSuffix("."), SocketAddress.ipv4Bytes(String(host.dropLast())) != nil {
      throw .destinationNotAllowed
    }
    let isBase = if case .base = verdict { true } else { false }
    return Resolved(
      origin: origin, isBase: isBase, target: Slice(start: end, count: endpoint.count - end),
      isRelative: false)
  }

  /// The scheme, and where the authority begins.
  private func scheme(_ endpoint: Span<UInt8>) throws(PenstockError) -> (Bool, Int) {
    var index = 0
    while index < endpoint.count, isSchemeByte(endpoint[index]) { index &+= 1 }
    guard index > 0, index < endpoint.count, endpoint[index] == 0x3a else {
      throw .invalidEndpoint
    }
    let name = endpoint.extracting(0..<index)
    let isTLS = name.equalsIgnoringCase("https")
    guard isTLS || name.equalsIgnoringCase("http") else { throw .invalidScheme }
    let start = index + 3
    guard start < endpoint.count, endpoint[index + 1] == 0x2f, endpoint[index + 2] == 0x2f,
      endpoint[start] != 0x2f
    else { throw .invalidEndpoint }
    return (isTLS, start)
  }

  private func isSchemeByte(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || ByteClass.isDigit(byte) || byte == 0x2b || byte == 0x2d
      || byte == 0x2e
  }

  private func hostAndPort(_ authority: Span<UInt8>, isTLS: Bool) -> (String, UInt16)? {
    guard HostValue.isValid(authority) else { return nil }
    let (host, port) = HostValue.split(authority)
    var bytes: [UInt8] = []
    let isLiteral = authority[0] == 0x5b
    let range = isLiteral ? 1..<Int(host.count) - 1 : host.range
    for index in range { bytes.append(ByteClass.lowercased(authority[index])) }
    let name = String(decoding: bytes, as: UTF8.self)
    guard let port else { return (name, BaseURL.defaultPort(isTLS: isTLS)) }
    // `:00443` is 443 to one reader and a fault to another.
    let digits = authority.count - Int(host.count) - 1
    guard port > 0, let number = UInt16(exactly: port), String(port).utf8.count == digits else {
      return nil
    }
    return (name, number)
  }
}
