import Telemetry
import Upstream
import Wire

/// What is told of one exchange when it ends: its log line and its counts.
///
/// Texts are copied as soon as they are known, for the head that they stand in is gone by the end.
/// Reused; holds nothing of the exchange before.
struct AccessRecord: ~Copyable {
  private(set) var startNanoseconds: Int64 = 0
  /// As it is answered, logged and sent upstream: 1 to 64 bytes.
  var requestID = ByteBuffer()
  /// The client chose it, so that it may hold anything.
  var isRequestIDOffered = false
  /// The trace that it is a part of; nil where it is in none.
  var trace: TraceParent?
  /// The client chose the trace, too.
  var isTraceOffered = false
  /// The trace's span is the exchange's own, which the upstream was told.
  var hasSpan = false
  private var requestMembers = RequestMembers()

  var method = MethodLabel.other
  /// Indices into the configuration; -1 is none.
  var project = -1
  var account = -1
  var route: StaticString = ""
  var routeIndex = -1

  var status = 0
  var upstreamStatus = 0
  var error: PenstockError?
  /// The limits that an answer which is too large hits, and one that the disk has no room for.
  var sizeLimit = LimitName.executeResponseBytes
  var diskLimit: LimitName?
  /// What the rules said; nil where there are none.
  var rules: RuleJudge.Verdicts?
  /// The rate that was used up, of the caller's key or of the account; nil where none was.
  var rate: (owner: RateOwner, isObserved: Bool)?
  var phase = Phase.receive
  var bytesReceived = 0
  var bytesSent = 0
  var retries = 0
  var isReused = false
  var hasUpstream = false
  /// The credential came with the request.
  var isCredentialInline = false

  var dial = DialTimes()
  var tlsNanoseconds: Int64 = 0
  /// When a connection was first asked for, and when again.
  var acquiredNanoseconds: Int64 = 0
  var retriedNanoseconds: Int64 = 0
  /// When the request's head was appended, and when its last bytes before the answer had left.
  var sentNanoseconds: Int64 = 0
  var writtenNanoseconds: Int64 = 0
  var firstByteNanoseconds: Int64 = 0
  /// When the upstream's answer was whole.
  var endedNanoseconds: Int64 = 0
  var addedNanoseconds: Int64 = 0
  /// Where the time went; known when it ends, and before that once it has failed.
  var times: PhaseTimes?

  enum RateOwner { case project, account }

  init() {}

  /// Forgets the exchange before; `nanoseconds`: when the first byte of the request was there.
  mutating func start(nanoseconds: Int64) {
    startNanoseconds = nanoseconds
    requestID.removeAll()
    isRequestIDOffered = false
    trace = nil
    isTraceOffered = false
    hasSpan = false
    requestMembers.removeAll()
    method = .other
    project = -1
    account = -1
    route = ""
    routeIndex = -1
    status = 0
    upstreamStatus = 0
    error = nil
    sizeLimit = .executeResponseBytes
    diskLimit = nil
    rules = nil
    rate = nil
    phase = .receive
    bytesReceived = 0
    bytesSent = 0
    retries = 0
    isReused = false
    hasUpstream = false
    isCredentialInline = false
    dial = DialTimes()
    tlsNanoseconds = 0
    acquiredNanoseconds = 0
    retriedNanoseconds = 0
    sentNanoseconds = 0
    writtenNanoseconds = 0
    firstByteNanoseconds = 0
    endedNanoseconds = 0
    addedNanoseconds = 0
    times = nil
  }

  // MARK: The request, as soon as it is known

  /// Keeps method and path; of a query the line will have no values.
  mutating func describe(method name: Span<UInt8>, target: Span<UInt8>, fieldBytesMax: Int) {
    requestMembers.removeAll()
    requestMembers.add("method", name, bytesMax: fieldBytesMax)
    requestMembers.add("path", target, bytesMax: fieldBytesMax, hasQuery: true)
  }

  /// Adds a member about the request, say the user that the envelope names.
  mutating func describe(_ name: StaticString, _ value: Span<UInt8>, fieldBytesMax: Int) {
    requestMembers.add(name, value, bytesMax: fieldBytesMax)
  }

  /// Adds the session in whose name the request is.
  mutating func describe(session: borrowing ByteBuffer) {
    describe("session_id", session.span, fieldBytesMax: session.count)
  }

  /// Adds the upstream that the request is for.
  mutating func describe(upstreamHost host: [UInt8]) {
    describe("upstream_host", host.span, fieldBytesMax: 300)
  }

  // MARK: The end

  /// How much an operator should care.
  var level: LogLevel {
    switch error {
    case nil: .info
    case .internalError, .resourceExhausted: .error
    default: status >= 500 ? .warn : .info
    }
  }

  /// Appends the members of the access line to `line`, which `JSONLine.begin` has begun.
  borrowing func write(
    into line: inout ByteBuffer, _ configuration: Configuration, _ verdict: AccessFilter.Verdict,
    nowNanoseconds: Int64, client: [UInt8], _ redactor: inout Redactor
  ) {
    JSONLine.literal("level", verdict.level.name, into: &line)
    JSONLine.literal("event", "request", into: &line)
    let isTruncated = writeRequest(into: &line, configuration, &redactor)
    writeOutcome(into: &line, nowNanoseconds)
    JSONLine.string("client", client.span, bytesMax: 64, into: &line)
    if verdict.isSlow { JSONLine.boolean("slow", true, into: &line) }
    line.append(verdict.rateMember)
    if isTruncated { JSONLine.boolean("truncated", true, into: &line) }
  }

  /// Whether it was refused for what its caller may not do, or would have been by a rule that only
  /// observes.
  var isDenied: Bool { error?.isDenial ?? false || rules?.both == .observed }

  /// Appends the members of the line about a denial. `leftOut`: like ones without a line before it.
  borrowing func writeDenial(
    into line: inout ByteBuffer, _ configuration: Configuration, leftOut: Int, client: [UInt8],
    _ redactor: inout Redactor
  ) {
    JSONLine.literal("level", LogLevel.warn.name, into: &line)
    JSONLine.literal("event", "denied", into: &line)
    let isTruncated = writeRequest(into: &line, configuration, &redactor)
    if let error, error.isDenial { JSONLine.literal("error", error.row.slug, into: &line) }
    writeRules(into: &line)
    JSONLine.string("client", client.span, bytesMax: 64, into: &line)
    if leftOut > 0 { JSONLine.integer("left_out", leftOut, into: &line) }
    if isTruncated { JSONLine.boolean("truncated", true, into: &line) }
  }

  /// Appends who asked for what; returns whether a text had to be cut.
  private borrowing func writeRequest(
    into line: inout ByteBuffer, _ configuration: Configuration, _ redactor: inout Redactor
  ) -> Bool {
    let fieldBytesMax = configuration.limits.logFieldBytes
    if isRequestIDOffered {
      _ = redactor.write("request_id", requestID.span, bytesMax: 64, into: &line)
    } else {
      JSONLine.string("request_id", requestID.span, bytesMax: 64, into: &line)
    }
    writeTrace(into: &line, &redactor)
    if project >= 0 {
      let name = configuration.projects[project].nameBytes
      JSONLine.string("project", name.span, bytesMax: fieldBytesMax, into: &line)
    }
    if account >= 0 {
      let id = configuration.accounts[account].idBytes
      JSONLine.string("account", id.span, bytesMax: fieldBytesMax, into: &line)
    }
    if routeIndex >= 0 {
      let path = configuration.routes[routeIndex].pathBytes
      JSONLine.string("route", path.span, bytesMax: fieldBytesMax, into: &line)
    } else if route.utf8CodeUnitCount > 0 {
      JSONLine.literal("route", route, into: &line)
    }
    let isTruncated = requestMembers.write(into: &line, &redactor)
    if isCredentialInline { JSONLine.literal("credential", "inline", into: &line) }
    return isTruncated
  }

  private borrowing func writeTrace(
    into line: inout ByteBuffer, _ redactor: inout Redactor
  ) {
    guard let trace else { return }
    let id = trace.traceDigits
    if isTraceOffered {
      _ = redactor.write("trace_id", id.span, bytesMax: 64, into: &line)
    } else {
      JSONLine.string("trace_id", id.span, bytesMax: 64, into: &line)
    }
    if !hasSpan { return }
    line.append(",\"span_id\":\"")
    trace.appendSpanID(into: &line)
    line.append(0x22)
  }

  private borrowing func writeOutcome(into line: inout ByteBuffer, _ nowNanoseconds: Int64) {
    JSONLine.integer("status", status, into: &line)
    if upstreamStatus > 0 { JSONLine.integer("upstream_status", upstreamStatus, into: &line) }
    if let error {
      JSONLine.literal("error", error.row.slug, into: &line)
      line.append(",\"termination\":\"")
      line.append(error.row.side.name)
      line.append(0x3a)
      line.append(phase.name)
      line.append(0x22)
    }
    writeRules(into: &line)
    writeRate(into: &line)
    JSONLine.integer("bytes_received", bytesReceived, into: &line)
    JSONLine.integer("bytes_sent", bytesSent, into: &line)
    let duration = nowNanoseconds - startNanoseconds
    JSONLine.milliseconds("duration_ms", nanoseconds: duration, into: &line)
    if hasUpstream { writeUpstream(into: &line) }
  }

  private borrowing func writeRules(into line: inout ByteBuffer) {
    guard let rules, rules.both != .allowed else { return }
    JSONLine.literal("rule", rules.both == .denied ? "denied" : "observed_deny", into: &line)
    let isProject = rules.project == rules.both
    JSONLine.literal("rule_of", isProject ? "api_key" : "account", into: &line)
  }

  private borrowing func writeRate(into line: inout ByteBuffer) {
    guard let rate else { return }
    JSONLine.literal("rate", rate.isObserved ? "observed_limited" : "limited", into: &line)
    JSONLine.literal("rate_of", rate.owner == .project ? "api_key" : "account", into: &line)
  }

  private borrowing func writeUpstream(into line: inout ByteBuffer) {
    JSONLine.milliseconds("proxy_ms", nanoseconds: addedNanoseconds, into: &line)
    if !isReused {
      let name = Int64(dial.nameMicroseconds) * 1000
      JSONLine.milliseconds("dns_ms", nanoseconds: name, into: &line)
      let connect = Int64(dial.connectMicroseconds) * 1000
      JSONLine.milliseconds("connect_ms", nanoseconds: connect, into: &line)
      if tlsNanoseconds > 0 {
        JSONLine.milliseconds("tls_ms", nanoseconds: tlsNanoseconds, into: &line)
      }
    }
    if firstByteNanoseconds > 0 {
      let wait = firstByteNanoseconds - writtenNanoseconds
      JSONLine.milliseconds("ttfb_ms", nanoseconds: wait, into: &line)
    }
    JSONLine.boolean("reused", isReused, into: &line)
    if retries > 0 { JSONLine.integer("retries", retries, into: &line) }
  }
}
