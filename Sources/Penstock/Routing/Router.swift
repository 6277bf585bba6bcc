import Wire

/// Which of Penstock's paths, or which route, a request is for.
///
/// Precedence: Penstock's own paths, then routes: those with a host first, then the longest prefix.
struct Router: Sendable {
  enum Destination {
    case healthz, readyz
    /// The execute endpoint, by version.
    case execute(isRetiredVersion: Bool)
    /// `/proxy/{account}/…`: the account by index, nil where there is none of that name; the rest
    /// of the target, from its slash or question mark on, which may be empty.
    case proxy(account: Int?, rest: Slice)
    /// A configured route by index, and the rest of the target behind its prefix.
    case route(Int, rest: Slice)
    /// The execute endpoint in the name of a session, whose id it is.
    case session(Slice)
    /// Binary results.
    case files
    case nothing
  }

  private let routes: [Route]
  private let routePaths: [[UInt8]]
  private let routeHosts: [[UInt8]?]
  private let accounts: ByteTable

  init(_ configuration: Configuration) {
    routes = configuration.routes
    routePaths = routes.map(\.pathBytes)
    routeHosts = routes.map { $0.host.map { Array($0.lowercased().utf8) } }
    accounts = ByteTable(configuration.accounts.map { ($0.idBytes, $0.index) })
  }

  func account(id: Span<UInt8>) -> Int? { accounts.value(of: id) }

  /// `target`: path and query. `host`: the Host field's value without its port.
  func destination(_ target: Span<UInt8>, host: Span<UInt8>) -> Destination {
    let pathCount = target.index(of: 0x3f, from: 0) ?? target.count
    let path = target.extracting(0..<pathCount)
    if path.starts(with: "/proxy/") { return proxy(target, pathCount) }
    if path.starts(with: "/api/") {
      if path.equals("/api/v3.1/tools/execute/proxy") { return .execute(isRetiredVersion: false) }
      if path.equals("/api/v3/tools/execute/proxy") { return .execute(isRetiredVersion: true) }
      if path.starts(with: Self.sessionPrefix) { return Self.session(path) }
    }
    if path.equals("/healthz") { return .healthz }
    if path.equals("/readyz") { return .readyz }
    if path.starts(with: "/files/") { return .files }
    return route(target, path, host: host)
  }

  private static let sessionPrefix: StaticString = "/api/v3.1/tool_router/session/"
  private static let sessionIDBytesMax = 256

  /// An id is opaque, and one segment of the path, but no dot segment.
  private static func session(_ path: Span<UInt8>) -> Destination {
    let start = sessionPrefix.utf8CodeUnitCount
    var end = start
    while end < path.count, path[end] != 0x2f { end &+= 1 }
    let id = path.extracting(start..<end)
    guard !id.isEmpty, id.count <= sessionIDBytesMax, !id.equals("."), !id.equals(".."),
      path.extracting(end..<path.count).equals("/proxy_execute")
    else { return .nothing }
    return .session(Slice(start: start, count: id.count))
  }

  private func proxy(_ target: Span<UInt8>, _ pathCount: Int) -> Destination {
    let start = 7
    var end = start
    while end < pathCount, target[end] != 0x2f { end &+= 1 }
    let rest = Slice(start: end, count: target.count - end)
    return .proxy(account: accounts.value(of: target.extracting(start..<end)), rest: rest)
  }

  private func route(
    _ target: Span<UInt8>, _ path: Span<UInt8>, host: Span<UInt8>
  ) -> Destination {
    for index in routes.indices {
      if let wanted = routeHosts[index], !host.equalsIgnoringCase(wanted.span) { continue }
      let prefix = routePaths[index]
      if !Self.isPrefix(prefix, of: path) { continue }
      // The prefix ends with a slash, which stays the first byte of what is left.
      return .route(
        index, rest: Slice(start: prefix.count - 1, count: target.count - prefix.count + 1))
    }
    return .nothing
  }

  private static func isPrefix(_ prefix: [UInt8], of path: Span<UInt8>) -> Bool {
    if path.count < prefix.count { return false }
    var index = 0
    while index < prefix.count, path[index] == prefix[index] { index &+= 1 }
    return index == prefix.count
  }
}
