import Body
import EventLoop
import Upstream
import Wire

/// One request and its response, from the client's head to the log line.
///
/// As a request goes: `begin` here, then ExchangeRouting, ExchangeRequest (the request up),
/// ExchangeResponse (the response down), ExchangeStages (what changes a body on its way),
/// ExchangeAnswers (what Penstock says itself), and `finish` here; a protocol that was switched to
/// goes through ExchangeTunnel. What a state allows is `ExchangeState`'s to say; this class does
/// it. Taken from its worker's store for a request and given back; used by its loop's thread only.
final class Exchange {
  let worker: Worker
  var head = RequestHead()
  var record = AccessRecord()
  var state = ExchangeState(keepsAlive: false)
  /// The client whose request it is; nil while it waits in the store.
  private(set) var client: ClientConnection?

  // The request.
  var requestFraming = Framing.none
  var requestBody = BodyDecoder(.none, .nothing)
  var isToHead = false
  var isIdempotent = false
  var minorVersion = 1
  var awaitsContinue = false
  var discardedBytes = 0
  /// What changes the request's body on its way up; nil where nothing does.
  var requestStages: BodyPipeline?
  /// The coding that they put on, as the upstream is told; nil where they put on none.
  var requestEncoding: ContentCoding?
  /// True exactly when the request's stages hold back what they took.
  var hasHeldRequest = false
  /// Collects a body whose length the upstream has to know first; nil where it streams.
  var spool: RequestSpool?
  /// Who asks, and where the key was shown.
  var shown = Authenticator.Shown.nowhere

  // The upstream.
  var account: Account?
  var pool: ConnectionPool?
  var upstream: UpstreamConnection?
  var isQueued = false
  var isConnected = false
  /// The request in its upstream form: all of it while `isHeld`, so that it can be sent again.
  var requestBytes = ByteBuffer()
  var isHeld = true
  var isRequestChunked = false
  /// The request asks for another protocol, which the upstream may switch to.
  var asksUpgrade = false
  var isAbandoned = false
  /// True exactly when input was left because the upstream does not keep up.
  var isUploadPaused = false

  // The response.
  var responseFraming = Framing.none
  var takesTrailers = false
  var trailers = ByteBuffer()
  /// The content codings that the client takes.
  var accepted = AcceptEncoding()
  /// The client wants its answer as the upstream made it.
  var forbidsTransforming = false
  /// How this request's answers are compressed, where the client likes it.
  var compression = CompressionRule(.off)
  /// What changes the response's body on its way down; nil where nothing does.
  var responseStages: BodyPipeline?
  /// True while a coded body may turn out to be none at all, which is no broken one.
  var mayBeEmpty = false
  /// Since when the response's stages hold back what they took; 0 while they hold nothing.
  var heldResponseNanoseconds: Int64 = 0
  /// The upstream has said how long its body is.
  var hasKnownLength = false
  /// True exactly when the upstream's body is over and its stages still have to give the rest.
  var isFinishingResponse = false
  /// Where the response's head began, as long as it can be taken back.
  var responseMark: OutputMark?

  /// Both ends go on as a tunnel.
  var isTunnel = false
  /// When a tunnel last moved a byte.
  var movedNanoseconds: Int64 = 0
  /// True exactly when the output went over its high mark and not yet down to the low one.
  var isDownstreamFull = false
  /// A helper thread is at work for it.
  var awaitedTask: AwaitedTask?
  /// The gates that it is in.
  var entered = Entered()
  /// What the envelope endpoint keeps; nil on the streaming route.
  var execute: ExecuteEnd?

  init(_ worker: Worker) { self.worker = worker }

  /// Memory that stays for the next exchange, in bytes.
  private static let keptBytes = 64 * 1024

  // MARK: Out of the store and back

  func open(for client: ClientConnection) {
    assert(self.client == nil, "an exchange serves one client at a time")
    self.client = client
    head.reset()
    state = ExchangeState(keepsAlive: true)
    requestFraming = .none
    shown = .nowhere
    awaitsContinue = false
    isToHead = false
    minorVersion = 1
    isHeld = true
    isAbandoned = false
    isConnected = false
    isQueued = false
    discardedBytes = 0
    takesTrailers = false
    isUploadPaused = false
    isDownstreamFull = false
    accepted = AcceptEncoding()
    hasHeldRequest = false
    requestEncoding = nil
    heldResponseNanoseconds = 0
    isFinishingResponse = false
    mayBeEmpty = false
    responseMark = nil
    isTunnel = false
    asksUpgrade = false
  }

  func close() {
    assert(upstream == nil, "an exchange ends with its upstream")
    client = nil
    account = nil
    pool = nil
    if requestBytes.holdsSecrets { requestBytes.wipe() }
    requestBytes.holdsSecrets = false
    requestBytes.removeAll()
    if requestBytes.capacity > Self.keptBytes { requestBytes.release() }
    trailers.removeAll()
    execute = nil
    spool = nil
    closeStages()
  }

  // MARK: The head

  /// The head could not be read.
  func refuse(_ fault: HeadFault) {
    switch fault {
    case .malformed: answer(.malformedRequest)
    case .targetTooLong: answer(.uriTooLong)
    case .fieldsTooLarge: answer(.headersTooLarge)
    case .methodTooLong: answer(.notImplemented)
    case .versionNotSupported: answer(.versionNotSupported)
    }
  }

  /// The head did not come in time.
  func refuse(_ error: PenstockError) { answer(error) }

  /// The head is whole. `bytes` begin with it and are lent for the call.
  func begin(_ bytes: Span<UInt8>) {
    let check = HeadCheck(head, bytes)
    if let offered = check.requestID {
      record.requestID.append(bytes[offered])
      record.isRequestIDOffered = true
    } else {
      worker.requestIDs.appendNew(to: &record.requestID)
    }
    record.trace = check.traceparent.flatMap { TraceParent(bytes[$0]) }
    record.isTraceOffered = record.trace != nil
    isToHead = bytes[head.method].equals("HEAD")
    minorVersion = head.minorVersion
    record.method = MethodLabel(bytes[head.method])
    record.describe(
      method: bytes[head.method], target: bytes[head.target],
      fieldBytesMax: worker.configuration.limits.logFieldBytes)
    if !check.keepsAlive || client?.isLastRequest ?? true { state.onLastRequest() }
    if let fault = check.fault {
      answer(fault)
      return
    }
    requestFraming = check.framing
    requestBody = BodyDecoder(check.framing, worker.chunkLimits)
    if case .none = check.framing { state.onRequestWhole() }
    takesTrailers = check.takesTrailers
    accepted = check.accepted
    forbidsTransforming = check.forbidsTransforming
    awaitsContinue = check.expectsContinue && head.minorVersion == 1
    if requestBody.isEnded, state.request == .receiving { state.onRequestWhole() }
    guard let client else { return }
    if client.plane == .data {
      route(bytes, host: check.host)
    } else {
      AdminPlane.serve(self, bytes, client.plane)
    }
  }

  // MARK: The end

  /// Both messages are over: gives the connection back, writes the log line, counts. In the settle
  /// or in the client's dispatch, never within a call of the upstream connection.
  func finish() {
    settleReplay(.notKept, keeps: true)  // an answer that was cut
    endFetch()
    cancelFile()
    leaveTask()
    if record.hasUpstream, record.times == nil { record.times = times(upTo: .respond) }
    upstream?.release()
    upstream = nil
    leaveGates()
    worker.log(record, client: client)
  }

  /// It waits for no helper thread any longer.
  func leaveTask() {
    awaitedTask?.leave()
    awaitedTask = nil
  }
}
