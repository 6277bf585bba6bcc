import EventLoop
import Glibc

/// Makes the plan of a run out of its flags. What does not fit together is said here.
struct RunPlanner {
  let options: RunOptions

  func plan() throws(RunFault) -> RunPlan {
    try check()
    var template = RequestTemplate()
    template.body = try body()
    template.method = options.method ?? (template.body.isEmpty ? "GET" : "POST")
    template.fields = options.header
    template.keepsAlive = !options.noKeepAlive
    if let key = try apiKey() {
      template.fields.append(RequestField(name: "x-api-key", value: key))
    }
    var plan = RunPlan(origins: [], requests: [], mix: Mix(weights: [1]), targets: [])
    let weights =
      options.execute
      ? try addExecuteRequests(to: &plan, template) : try addRequests(to: &plan, template)
    plan.mix = Mix(weights: weights)
    for field in template.fields where !CommandText.isHarmless(fieldNamed: field.name) {
      plan.secrets.add(field.value)
    }
    // A thread without a connection or a request would have nothing to tell.
    plan.threads = min(options.threads, options.connections, options.requests ?? Int.max)
    plan.connections = options.connections
    plan.requestsMax = options.requests
    plan.durationNanoseconds =
      options.duration ?? (options.requests == nil ? defaultNanoseconds : Int64.max)
    plan.schedule = options.rate
    plan.warmUpNanoseconds = options.warmUp
    plan.timeoutNanoseconds = options.timeout
    plan.keepsAlive = !options.noKeepAlive
    plan.countsEvents = options.events
    plan.readBytesPerSecond = options.readRate.map { max(1, $0) }
    plan.caFile = options.ca
    plan.verifiesPeer = !options.insecure
    return plan
  }

  /// Ten seconds, or the whole of a ramp.
  private var defaultNanoseconds: Int64 {
    guard let rate = options.rate, rate.isRamp else { return 10_000_000_000 }
    return rate.rampNanoseconds
  }

  private func check() throws(RunFault) {
    if options.body != nil, options.bodySize != nil {
      throw RunFault("-b and --body-size are two bodies: one is enough")
    }
    if options.ca != nil, options.insecure {
      throw RunFault("--ca and --insecure: verify by it, or not at all")
    }
    if options.execute, options.account.isEmpty {
      throw RunFault("--execute needs an --account for its envelopes")
    }
    if !options.execute, !options.account.isEmpty {
      throw RunFault("--account is for envelopes: with --execute")
    }
    if let duration = options.duration, duration <= 0 { throw RunFault("-d is more than 0") }
    if options.timeout <= 0 { throw RunFault("--timeout is more than 0: a long one is 1h") }
    if options.urls.isEmpty { throw RunFault("a URL is missing") }
  }

  // MARK: Requests

  /// Returns their weights.
  private func addRequests(
    to plan: inout RunPlan, _ template: RequestTemplate
  ) throws(RunFault) -> [Int] {
    for weighted in options.urls {
      let url = try TargetURL(parsing: weighted.text)
      let bytes = template.bytes(target: url.target, authority: url.authority)
      plan.requests.append(
        PreparedRequest(
          bytes: bytes, isHead: template.method == "HEAD", origin: try origin(of: url, in: &plan),
          target: plan.targets.count))
      plan.targets.append("\(template.method) \(CommandText.maskedQuery(weighted.text))")
      plan.secrets.add(url.target.drop { $0 != "?" })
    }
    return options.urls.map(\.weight)
  }

  private func addExecuteRequests(
    to plan: inout RunPlan, _ template: RequestTemplate
  ) throws(RunFault) -> [Int] {
    guard options.urls.count == 1 else { throw RunFault("--execute takes one URL: Penstock's") }
    let url = try TargetURL(parsing: options.urls[0].text)
    let envelope = ExecuteEnvelope(
      endpoint: options.endpoint, method: template.method, body: template.body)
    var outer = template
    outer.method = "POST"
    outer.fields.append(RequestField(name: "Content-Type", value: "application/json"))
    let origin = try origin(of: url, in: &plan)
    let endpoint = CommandText.maskedQuery(options.endpoint)
    plan.secrets.add(options.endpoint.drop { $0 != "?" })
    for account in options.account {
      outer.body = envelope.json(account: account.text)
      let target = url.target == "/" ? ExecuteEnvelope.path : url.target
      plan.requests.append(
        PreparedRequest(
          bytes: outer.bytes(target: target, authority: url.authority), isHead: false,
          origin: origin, target: plan.targets.count))
      plan.targets.append("\(account.text): \(template.method) \(endpoint)")
    }
    return options.account.map(\.weight)
  }

  private func origin(of url: TargetURL, in plan: inout RunPlan) throws(RunFault) -> Int {
    let address: SocketAddress
    if let path = options.unixSocket {
      guard let unix = SocketAddress(parsing: "unix:" + path) else {
        throw RunFault("`\(path)` is too long for a socket's path")
      }
      address = unix
    } else {
      address = try NameLookup.address(host: url.host, port: url.port)
    }
    let origin = LoadOrigin(address: address, isTLS: url.isTLS, host: url.host)
    if let known = plan.origins.firstIndex(of: origin) { return known }
    plan.origins.append(origin)
    return plan.origins.count - 1
  }

  // MARK: Bodies and keys

  private func body() throws(RunFault) -> [UInt8] {
    if let size = options.bodySize {
      let pattern = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
      return (0..<size).map { pattern[$0 % pattern.count] }
    }
    guard let body = options.body else { return [] }
    return body.hasPrefix("@") ? try file(String(body.dropFirst())) : Array(body.utf8)
  }

  private func apiKey() throws(RunFault) -> String? {
    guard let key = options.apiKey else { return nil }
    if !key.hasPrefix("@") { return try checked(key) }
    let bytes = try file(String(key.dropFirst()))
    return try checked(String(decoding: bytes.prefix { $0 != 0x0a && $0 != 0x0d }, as: UTF8.self))
  }

  private func checked(_ key: String) throws(RunFault) -> String {
    guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw RunFault("the API key is empty, or holds what no header field may have")
    }
    return key
  }

  private func file(_ path: String) throws(RunFault) -> [UInt8] {
    guard let file = fopen(path, "rb") else {
      throw RunFault("cannot read \(path): \(StreamFault.text(errno))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&block, 1, block.count, file)
      if count == 0 { break }
      bytes += block[..<count]
      if bytes.count > RunLimits.requestBytes { throw RunFault("\(path) has more than 1 GiB") }
    }
    if ferror(file) != 0 { throw RunFault("cannot read \(path): \(StreamFault.text(errno))") }
    return bytes
  }
}
