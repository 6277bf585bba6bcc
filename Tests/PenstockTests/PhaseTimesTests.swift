import Testing
import Wire

@testable import Penstock

@Suite struct PhaseTimesTests {
  private static let millisecond: Int64 = 1_000_000
  /// Loop time never begins at 0.
  private static let start: Int64 = 5_000_000_000

  /// Times of an exchange in which these phases ended so many milliseconds after its start.
  private func times(_ ends: (Phase, Int)...) -> PhaseTimes {
    var times = PhaseTimes(startNanoseconds: Self.start)
    for (phase, end) in ends {
      times.add(phase, untilNanoseconds: Self.start + Int64(end) * Self.millisecond)
    }
    return times
  }

  private func text(_ write: (inout ByteBuffer) -> Void) -> String {
    var buffer = ByteBuffer()
    write(&buffer)
    return buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `each phase has the time since the one before it`() {
    let times = times((.receive, 3), (.dns, 10), (.connect, 40), (.tls, 100), (.firstByte, 2000))
    #expect(times.milliseconds(.receive) == 3)
    #expect(times.milliseconds(.dns) == 7)
    #expect(times.milliseconds(.connect) == 30)
    #expect(times.milliseconds(.tls) == 60)
    #expect(times.milliseconds(.firstByte) == 1900)
    #expect(times.milliseconds(.send) == 0)
    #expect(times.totalMilliseconds == 2000)
    #expect(times.longest == .firstByte)
  }

  @Test func `a phase that took no time was gone through all the same`() {
    let times = times((.queue, 4), (.send, 4), (.body, 3))
    #expect(times.nanoseconds(.queue) == 4_000_000)
    #expect(times.nanoseconds(.send) == 0)
    #expect(times.nanoseconds(.body) == nil)
    #expect(times.nanoseconds(.dns) == nil)
  }

  @Test func `the longest phase is told, wherever it ended`() {
    let times = times((.connect, 1900), (.send, 1901), (.firstByte, 2000))
    #expect(text(times.writeSentence) == " The phase connect took 1900 ms of 2000 ms.")
    #expect(
      text(times.writeEntries)
        == #""connect: 1900 ms of 2000 ms","send: 1 ms of 2000 ms","first_byte: 99 ms of 2000 ms""#)
  }

  @Test func `what took no millisecond is left out, but the longest never`() {
    #expect(text(times((.send, 0), (.body, 7)).writeEntries) == #""body: 7 ms of 7 ms""#)
    #expect(text(times().writeEntries) == #""receive: 0 ms of 0 ms""#)
  }

  @Test func `an end that is unknown or past leaves the time to the next phase`() {
    var times = PhaseTimes(startNanoseconds: Self.start)
    times.add(.receive, untilNanoseconds: Self.start + 10 * Self.millisecond)
    times.add(.dns, untilNanoseconds: 0)
    times.add(.connect, untilNanoseconds: Self.start + 5 * Self.millisecond)
    times.add(.tls, untilNanoseconds: Self.start + 30 * Self.millisecond)
    #expect(times.milliseconds(.receive) == 10)
    #expect(times.milliseconds(.dns) == 0 && times.milliseconds(.connect) == 0)
    #expect(times.milliseconds(.tls) == 20)
  }

  @Test func `a phase may come twice`() {
    let times = times((.firstByte, 100), (.queue, 150), (.firstByte, 400))
    #expect(times.milliseconds(.firstByte) == 350)
    #expect(times.milliseconds(.queue) == 50)
  }

  @Test func `of equal phases the first is told`() {
    #expect(times((.dns, 10), (.connect, 20)).longest == .dns)
  }
}
