import Wire

/// Where the time of an exchange went, phase by phase: what an answer that came too late tells, and
/// what metrics count.
///
/// It holds nothing but names of phases and numbers.
struct PhaseTimes {
  /// One for each case of `Phase`.
  private var nanoseconds: [10 of Int64] = .init(repeating: 0)
  /// A bit for each phase that the exchange went through, however short it was.
  private var seen: UInt16 = 0
  private var endNanoseconds: Int64
  private let startNanoseconds: Int64

  /// In loop time, as all that follows.
  init(startNanoseconds: Int64) {
    self.startNanoseconds = startNanoseconds
    endNanoseconds = startNanoseconds
  }

  /// What has passed since the last of these calls went into this phase. An end that is not known,
  /// and therefore 0, or that lies before the last one, leaves the time to the next phase.
  mutating func add(_ phase: Phase, untilNanoseconds now: Int64) {
    if now < endNanoseconds { return }
    seen |= 1 << UInt16(phase.rawValue)
    nanoseconds[Int(phase.rawValue)] += now - endNanoseconds
    endNanoseconds = now
  }

  /// Nil for a phase that the exchange did not come to.
  func nanoseconds(_ phase: Phase) -> Int64? {
    seen & 1 << UInt16(phase.rawValue) == 0 ? nil : nanoseconds[Int(phase.rawValue)]
  }

  func milliseconds(_ phase: Phase) -> Int {
    Int(nanoseconds[Int(phase.rawValue)] / 1_000_000)
  }

  var totalMilliseconds: Int { Int((endNanoseconds - startNanoseconds) / 1_000_000) }

  /// The phase that took the most of it; of equal ones the first.
  var longest: Phase {
    var found = Phase.receive
    for phase in Phase.allCases where milliseconds(phase) > milliseconds(found) { found = phase }
    return found
  }

  /// Appends a sentence, with a space in front.
  func writeSentence(into target: inout ByteBuffer) {
    target.append(" The phase ")
    write(longest, " took ", into: &target)
    target.append(0x2e)
  }

  /// Appends `"first_byte: 1980 ms of 2000 ms"` for each phase that took a millisecond, the
  /// longest first.
  func writeEntries(into target: inout ByteBuffer) {
    let longest = longest
    writeEntry(longest, into: &target)
    for phase in Phase.allCases where phase != longest && milliseconds(phase) > 0 {
      target.append(0x2c)
      writeEntry(phase, into: &target)
    }
  }

  private func writeEntry(_ phase: Phase, into target: inout ByteBuffer) {
    target.append(0x22)
    write(phase, ": ", into: &target)
    target.append(0x22)
  }

  private func write(_ phase: Phase, _ verb: StaticString, into target: inout ByteBuffer) {
    target.append(phase.name)
    target.append(verb)
    target.append(decimal: milliseconds(phase))
    target.append(" ms of ")
    target.append(decimal: totalMilliseconds)
    target.append(" ms")
  }
}
