import Testing

@testable import Penstock

@Suite struct ExchangeStateTests {
  /// What happens to an exchange, so that a test is a list of it.
  private enum Event: CaseIterable {
    case requestWhole, responseBegun, responseWhole, responseWholeAtClose
    case responseTakenBack, upgraded, cut
    case answer, answerThatCloses, answerThatCannotDrain, discardedTooMuch, lastRequest
  }

  private func state(after events: [Event], keepsAlive: Bool = true) -> ExchangeState {
    var state = ExchangeState(keepsAlive: keepsAlive)
    for event in events { apply(event, to: &state) }
    return state
  }

  private func apply(_ event: Event, to state: inout ExchangeState) {
    switch event {
    case .requestWhole: state.onRequestWhole()
    case .responseBegun: state.onResponseBegun()
    case .responseWhole: state.onResponseWhole(endsConnection: false)
    case .responseWholeAtClose: state.onResponseWhole(endsConnection: true)
    case .responseTakenBack: state.onResponseTakenBack()
    case .upgraded: state.onUpgraded()
    case .cut: state.onCut()
    case .answer: state.onLocalAnswer(closes: false, canDrain: true)
    case .answerThatCloses: state.onLocalAnswer(closes: true, canDrain: true)
    case .answerThatCannotDrain: state.onLocalAnswer(closes: false, canDrain: false)
    case .discardedTooMuch: state.onDiscardedTooMuch()
    case .lastRequest: state.onLastRequest()
    }
  }

  // MARK: How it ends

  @Test(
    arguments: [
      ([.requestWhole, .responseBegun, .responseWhole], .keepAlive),
      ([.requestWhole, .responseWhole], .keepAlive),
      ([.responseBegun, .requestWhole, .responseWhole], .keepAlive),
      ([.requestWhole, .lastRequest, .responseBegun, .responseWhole], .close),
      ([.requestWhole, .responseBegun, .responseWholeAtClose], .close),
      ([.requestWhole, .responseWhole, .lastRequest], .close),
      ([.responseBegun, .responseWhole], .linger),
      ([.responseWhole], .linger),
      ([.responseWholeAtClose], .linger),
    ] as [([Event], ExchangeState.Ending)])
  private func `a forwarded response ends as its halves stand`(
    events: [Event], ending: ExchangeState.Ending
  ) {
    #expect(state(after: events).ending == ending)
  }

  @Test(
    arguments: [
      ([.requestWhole, .answer], .keepAlive),
      ([.requestWhole, .answerThatCannotDrain], .keepAlive),
      ([.requestWhole, .answerThatCloses], .close),
      ([.answer], .notYet),
      ([.answer, .requestWhole], .keepAlive),
      ([.answer, .lastRequest, .requestWhole], .close),
      ([.answer, .discardedTooMuch], .linger),
      ([.answerThatCloses], .linger),
      ([.answerThatCannotDrain], .linger),
      ([.lastRequest, .answer], .linger),
    ] as [([Event], ExchangeState.Ending)])
  private func `an answer of Penstock's own drains, closes or lingers`(
    events: [Event], ending: ExchangeState.Ending
  ) {
    #expect(state(after: events).ending == ending)
  }

  @Test(
    arguments: [
      [], [.requestWhole], [.responseBegun], [.requestWhole, .responseBegun], [.lastRequest],
    ] as [[Event]])
  private func `nothing ends before its response does`(events: [Event]) {
    #expect(state(after: events).ending == .notYet)
  }

  @Test func `a client that asked for an end never gets a next request`() {
    for events: [Event] in [
      [.requestWhole, .responseWhole], [.requestWhole, .answer],
      [.requestWhole, .responseBegun, .responseWhole],
    ] {
      #expect(state(after: events, keepsAlive: false).ending == .close)
    }
  }

  // MARK: A response that is taken back

  @Test(
    arguments: [
      ([.requestWhole, .responseBegun, .responseTakenBack, .answer], .keepAlive),
      ([.requestWhole, .responseBegun, .responseTakenBack, .answerThatCloses], .close),
      ([.responseBegun, .responseTakenBack, .answer], .notYet),
      ([.responseBegun, .responseTakenBack, .answer, .requestWhole], .keepAlive),
      ([.responseBegun, .responseTakenBack, .answerThatCannotDrain], .linger),
      ([.responseBegun, .responseTakenBack, .responseBegun, .cut], .abort),
      ([.lastRequest, .requestWhole, .responseBegun, .responseTakenBack, .answer], .close),
      (
        [.responseBegun, .requestWhole, .responseTakenBack, .responseBegun, .responseWhole],
        .keepAlive
      ),
    ] as [([Event], ExchangeState.Ending)])
  private func `a head that is taken back leaves the exchange as it was before`(
    events: [Event], ending: ExchangeState.Ending
  ) {
    #expect(state(after: events).ending == ending)
    let taken = events.filter { $0 != .responseTakenBack }
    if let begun = taken.firstIndex(of: .responseBegun) {
      var before = taken
      before.remove(at: begun)
      #expect(state(after: events) == state(after: before))
    }
  }

  @Test(arguments: attempts)
  func `a failure behind a head that was taken back is judged as before the head`(
    attempt: ExchangeState.Attempt
  ) {
    var back = state(after: [.requestWhole, .responseBegun, .responseTakenBack])
    var never = state(after: [.requestWhole])
    #expect(back.onUpstreamFailed(attempt) == never.onUpstreamFailed(attempt))
    #expect(back == never)
  }

  // MARK: Another protocol

  @Test(
    arguments: [
      ([.requestWhole, .upgraded], .notYet),
      ([.requestWhole, .upgraded, .requestWhole], .notYet),
      ([.requestWhole, .upgraded, .requestWhole, .responseWholeAtClose], .close),
      ([.requestWhole, .upgraded, .requestWhole, .responseWhole], .close),
      ([.requestWhole, .upgraded, .responseWholeAtClose], .linger),
      ([.requestWhole, .upgraded, .cut], .abort),
      ([.requestWhole, .upgraded, .requestWhole, .cut], .abort),
    ] as [([Event], ExchangeState.Ending)])
  private func `a tunnel ends with its two sides, and the connection with it`(
    events: [Event], ending: ExchangeState.Ending
  ) {
    for keepsAlive in [true, false] {
      let state = state(after: events, keepsAlive: keepsAlive)
      #expect(state.ending == ending)
      #expect(!state.keepsAlive)
    }
  }

  @Test func `behind an upgrade the client goes on sending, and the response has begun`() {
    let state = state(after: [.requestWhole, .upgraded])
    #expect(state.request == .receiving && state.response == .begun)
  }

  @Test(arguments: attempts)
  func `a tunnel whose upstream fails is cut, and never tried again`(
    attempt: ExchangeState.Attempt
  ) {
    var state = self.state(after: [.requestWhole, .upgraded])
    #expect(state.onUpstreamFailed(attempt) == .cut)
    #expect(state.ending == .abort)
    #expect(!state.hasRetried)
  }

  // MARK: Failure of the upstream

  /// All that can be known of an attempt.
  private static var attempts: [ExchangeState.Attempt] {
    (0..<32).map { bits in
      ExchangeState.Attempt(
        hasSentBytes: bits & 1 != 0, isReused: bits & 2 != 0, isClosedUnanswered: bits & 4 != 0,
        isHeld: bits & 8 != 0, isIdempotent: bits & 16 != 0)
    }
  }

  @Test(arguments: attempts)
  func `only a reused connection that closed unanswered is tried again`(
    attempt: ExchangeState.Attempt
  ) {
    var state = ExchangeState(keepsAlive: true)
    state.onRequestWhole()
    let mayBeSentTwice = attempt.isIdempotent || !attempt.hasSentBytes
    let isRetried =
      attempt.isReused && attempt.isClosedUnanswered && attempt.isHeld && mayBeSentTwice
    #expect(state.onUpstreamFailed(attempt) == (isRetried ? .retry : .answer))
    #expect(state.hasRetried == isRetried)
  }

  @Test(arguments: attempts)
  func `a second failure is an answer`(attempt: ExchangeState.Attempt) {
    var state = ExchangeState(keepsAlive: true)
    state.onRequestWhole()
    let first = ExchangeState.Attempt(
      hasSentBytes: false, isReused: true, isClosedUnanswered: true, isHeld: true,
      isIdempotent: true)
    #expect(state.onUpstreamFailed(first) == .retry)
    #expect(state.onUpstreamFailed(attempt) == .answer)
  }

  @Test(arguments: attempts)
  func `a response that has begun is cut, whatever is known`(attempt: ExchangeState.Attempt) {
    for events: [Event] in [[.responseBegun], [.requestWhole, .responseBegun]] {
      var state = self.state(after: events)
      #expect(state.onUpstreamFailed(attempt) == .cut)
      #expect(state.ending == .abort)
      #expect(!state.keepsAlive)
      #expect(!state.hasRetried)
    }
  }

  @Test func `a retry leaves the connection to the client as it was`() {
    var state = self.state(after: [.requestWhole])
    let attempt = ExchangeState.Attempt(
      hasSentBytes: true, isReused: true, isClosedUnanswered: true, isHeld: true,
      isIdempotent: true)
    _ = state.onUpstreamFailed(attempt)
    #expect(state.ending == .notYet)
    state.onResponseBegun()
    state.onResponseWhole(endsConnection: false)
    #expect(state.ending == .keepAlive)
  }

  // MARK: Any legal list

  @Test func `whatever happens, a next request needs a whole one and leave to go on`() {
    var random = ExecuteTestRandom(for: "ExchangeState")
    for _ in 0..<20_000 {
      var state = ExchangeState(keepsAlive: random.below(4) != 0)
      var mayGoOn = state.keepsAlive
      for _ in 0..<8 {
        let event = Event.allCases[random.below(Event.allCases.count)]
        guard isLegal(event, in: state) else { continue }
        apply(event, to: &state)
        #expect(mayGoOn || !state.keepsAlive, "keep-alive came back")
        mayGoOn = state.keepsAlive
        if state.ending == .keepAlive { #expect(state.request == .whole && state.keepsAlive) }
        if state.ending == .close { #expect(state.request == .whole) }
        if state.response == .awaited { #expect(state.ending == .notYet) }
      }
    }
  }

  private func isLegal(_ event: Event, in state: ExchangeState) -> Bool {
    switch event {
    case .requestWhole: state.request == .receiving || state.request == .discarding
    case .responseBegun: state.response == .awaited
    case .responseTakenBack, .cut: state.response == .begun
    case .upgraded: state.request == .whole && state.response == .awaited
    case .responseWhole, .responseWholeAtClose:
      state.response == .awaited || state.response == .begun
    case .answer, .answerThatCloses, .answerThatCannotDrain: state.response == .awaited
    case .discardedTooMuch: state.request == .discarding
    case .lastRequest: true
    }
  }

  // MARK: What cannot happen

  @Test func `a request that ends twice is a bug`() async {
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onRequestWhole()
      state.onRequestWhole()
    }
  }

  @Test func `an answer behind an answer is a bug`() async {
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onResponseBegun()
      state.onLocalAnswer(closes: true, canDrain: false)
    }
  }

  @Test func `a response that begins twice is a bug`() async {
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onResponseBegun()
      state.onResponseBegun()
    }
  }

  @Test func `a failure behind the end is a bug`() async {
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onResponseWhole(endsConnection: false)
      _ = state.onUpstreamFailed(
        ExchangeState.Attempt(
          hasSentBytes: true, isReused: true, isClosedUnanswered: true, isHeld: true,
          isIdempotent: true))
    }
  }

  @Test func `taking back what has not begun, or is over, is a bug`() async {
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onResponseTakenBack()
    }
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onResponseBegun()
      state.onResponseWhole(endsConnection: false)
      state.onResponseTakenBack()
    }
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onResponseBegun()
      state.onCut()
      state.onResponseTakenBack()
    }
  }

  @Test func `an upgrade in the middle of a message is a bug`() async {
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onUpgraded()
    }
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onRequestWhole()
      state.onResponseBegun()
      state.onUpgraded()
    }
    await #expect(processExitsWith: .failure) {
      var state = ExchangeState(keepsAlive: true)
      state.onRequestWhole()
      state.onUpgraded()
      state.onUpgraded()
    }
  }
}
