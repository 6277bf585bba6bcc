import Wire

/// Which account a request is for, and whether its caller may use it.
extension Exchange {
  func route(_ bytes: Span<UInt8>, host: Slice) {
    let method = bytes[head.method]
    if method.equals("CONNECT") || method.equals("TRACE") || method.equals("TRACK") {
      answerMethodNotAllowed("GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS")
      return
    }
    let target = bytes[head.target]
    if target.equals("*") {
      answerOK(204, "text/plain", "", extraFields: "Allow: GET, HEAD, POST, PUT, DELETE, PATCH\r\n")
      return
    }
    let (name, _) = HostValue.split(bytes[host])
    switch worker.router.destination(target, host: bytes[host][name]) {
    case .healthz: if isRead(method) { answerHealth(isReady: true) }
    case .readyz: if isRead(method) { answerHealth(isReady: !worker.isDraining) }
    case .execute(let isRetiredVersion):
      beginExecute(bytes, host: host, isRetiredVersion: isRetiredVersion)
    case .session(let id):
      beginExecute(bytes, host: host, isRetiredVersion: false, session: target[id])
    case .proxy(let index, let rest):
      record.route = "proxy"
      guard let caller = authenticate(bytes) else { return }
      guard let index, caller.allows[index] else {
        answer(.accountNotFound)
        return
      }
      compression = worker.configuration.accounts[index].compressionRule
      stream(bytes, to: worker.configuration.accounts[index], rest: target[rest])
    case .route(let index, let rest):
      record.routeIndex = index
      let route = worker.configuration.routes[index]
      guard permits(route, bytes) else { return }
      compression = worker.compression.ofRoutes[index]
      stream(bytes, to: worker.configuration.accounts[route.account], rest: target[rest])
    case .files: if isRead(method) { serveFile(bytes) }
    case .nothing: answer(.notFound)
    }
  }

  /// True where the method is one of these; otherwise that is the answer.
  private func isRead(_ method: Span<UInt8>) -> Bool {
    if method.equals("GET") || method.equals("HEAD") { return true }
    answerMethodNotAllowed("GET, HEAD")
    return false
  }

  /// The project of the caller's key; nil, and answered, where there is none.
  func authenticate(_ bytes: Span<UInt8>) -> Project? {
    let result = worker.authenticator.authenticate(head.fields, bytes)
    shown = result.shown
    guard let project = result.project else {
      answer(.unauthorized)
      return nil
    }
    record.project = project
    let caller = worker.configuration.projects[project]
    return isWithinRate(of: caller) ? caller : nil
  }

  /// A route may do without a key, but not with a wrong one.
  private func permits(_ route: Route, _ bytes: Span<UInt8>) -> Bool {
    let result = worker.authenticator.authenticate(head.fields, bytes)
    shown = result.shown
    if let project = result.project {
      record.project = project
      let caller = worker.configuration.projects[project]
      guard isWithinRate(of: caller) else { return false }
      if caller.allows[route.account] { return true }
      answer(.accountNotFound)
      return false
    }
    if result.shown == .nowhere, !route.apiKeyRequired {
      record.describe("project", anonymous.span, fieldBytesMax: 64)
      return true
    }
    answer(.unauthorized)
    return false
  }
}

/// The project of a caller without a key.
private let anonymous = Array("anonymous".utf8)
