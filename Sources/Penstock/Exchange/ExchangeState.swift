/// The two halves of an exchange, and what follows from how they stand. Pure: no bytes, no clock.
///
/// The only place that decides whether a request is tried again, whether a failure is answered or
/// cuts what has begun, and whether the client's connection goes on (RFC 9112 §9.3).
struct ExchangeState: Equatable {
  enum RequestHalf: Equatable {
    /// More of the body is to come.
    case receiving
    /// All of it has been read.
    case whole
    /// An answer is decided; the rest of the body is read and thrown away.
    case discarding
    /// The rest of the body will never be read.
    case given
  }

  enum ResponseHalf: Equatable {
    case awaited
    /// Its head is in the output.
    case begun
    case whole
    /// It had begun and cannot be completed.
    case cut
  }

  private(set) var request = RequestHalf.receiving
  private(set) var response = ResponseHalf.awaited
  /// What the client's head allows, less what has happened since.
  private(set) var keepsAlive: Bool
  private(set) var hasRetried = false

  init(keepsAlive: Bool) { self.keepsAlive = keepsAlive }

  // MARK: Events

  mutating func onRequestWhole() {
    switch request {
    case .receiving, .discarding: request = .whole
    case .whole, .given: preconditionFailure("a request ends once")
    }
  }

  mutating func onResponseBegun() {
    switch response {
    case .awaited: response = .begun
    case .begun, .whole, .cut: preconditionFailure("a response begins once")
    }
  }

  /// The head has not left yet and is taken back: an error is better than a cut.
  mutating func onResponseTakenBack() {
    precondition(response == .begun, "only what has begun is taken back")
    response = .awaited
  }

  /// Both sides go on with another protocol: what the client sends is a body without an end.
  mutating func onUpgraded() {
    precondition(request == .whole && response == .awaited, "upgraded in the middle of a message")
    request = .receiving
    response = .begun
    keepsAlive = false
  }

  /// `endsConnection`: its end is the end of the connection.
  mutating func onResponseWhole(endsConnection: Bool) {
    switch response {
    case .awaited, .begun: response = .whole
    case .whole, .cut: preconditionFailure("a response ends once")
    }
    if endsConnection { keepsAlive = false }
    // What the upstream did not wait for is not read any more.
    if request == .receiving { giveUpRequest() }
  }

  /// Penstock answers by itself. `canDrain`: the rest of the body is small enough to be read and
  /// thrown away, so that the connection can go on.
  mutating func onLocalAnswer(closes: Bool, canDrain: Bool) {
    precondition(response == .awaited, "an answer behind an answer")
    response = .whole
    if closes { keepsAlive = false }
    guard request == .receiving else { return }
    if keepsAlive, canDrain { request = .discarding } else { giveUpRequest() }
  }

  private mutating func giveUpRequest() {
    request = .given
    keepsAlive = false
  }

  /// What is thrown away has become too much, or does not come.
  mutating func onDiscardedTooMuch() {
    precondition(request == .discarding, "only what is discarded is counted")
    giveUpRequest()
  }

  /// The connection shall not go on, whatever comes.
  mutating func onLastRequest() { keepsAlive = false }

  /// A response that has begun cannot be completed.
  mutating func onCut() {
    precondition(response == .begun, "only what has begun is cut")
    response = .cut
    keepsAlive = false
    if request == .receiving { request = .given }
  }

  // MARK: Failure of the upstream

  enum FailureAction: Equatable {
    case retry
    case answer
    /// The answer has begun: cut it, so that nobody takes it for whole.
    case cut
  }

  /// What is known of an attempt that failed.
  struct Attempt: Equatable {
    /// A byte of the request left.
    var hasSentBytes: Bool
    /// The connection had served a request before, so that its end may have crossed this one.
    var isReused: Bool
    /// Closed or reset before any byte of an answer.
    var isClosedUnanswered: Bool
    /// All that was sent is still there to be sent again.
    var isHeld: Bool
    /// By its method (RFC 9110 §9.2.2).
    var isIdempotent: Bool
  }

  /// One retry at the most: of anything when no byte has left, of an idempotent method when a
  /// reused connection turned out to be closed. Never otherwise: a duplicate write is worse than
  /// an error.
  mutating func onUpstreamFailed(_ attempt: Attempt) -> FailureAction {
    switch response {
    case .begun:
      onCut()
      return .cut
    case .awaited: break
    case .whole, .cut: preconditionFailure("a failure behind the end")
    }
    guard !hasRetried, attempt.isReused, attempt.isClosedUnanswered, attempt.isHeld else {
      return .answer
    }
    if attempt.hasSentBytes, !attempt.isIdempotent { return .answer }
    hasRetried = true
    return .retry
  }

  // MARK: The end

  enum Ending: Equatable {
    case notYet
    /// The next request may be read.
    case keepAlive
    /// The output is flushed and the connection closed; nothing unread is in the way.
    case close
    /// As close, but bytes may still arrive, and closing on them would destroy the answer.
    case linger
    /// Nothing more is sent: the peer must see that the answer is cut.
    case abort
  }

  var ending: Ending {
    switch (response, request) {
    case (.awaited, _), (.begun, _): .notYet
    case (.cut, _): .abort
    case (.whole, .whole): keepsAlive ? .keepAlive : .close
    case (.whole, .discarding), (.whole, .receiving): .notYet
    case (.whole, .given): .linger
    }
  }
}
