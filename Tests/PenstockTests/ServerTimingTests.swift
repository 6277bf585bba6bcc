import Testing
import Wire

@testable import Penstock

@Suite struct ServerTimingTests {
  private func field(_ timing: ServerTiming) -> String {
    var out = ByteBuffer()
    timing.append(into: &out)
    return text(out.span)
  }

  /// A record of an exchange that had its connection dialled and its answer 40 ms later.
  private func record() -> AccessRecord {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.hasUpstream = true
    record.addedNanoseconds = 61_000
    record.dial.nameMicroseconds = 1234
    record.dial.connectMicroseconds = 20_000
    record.tlsNanoseconds = 3_000_499
    record.sentNanoseconds = 90_000_000
    record.writtenNanoseconds = 100_000_000
    record.firstByteNanoseconds = 140_000_000
    return record
  }

  private func told(_ record: borrowing AccessRecord, turn: Int64 = 0) -> String {
    field(record.timing(turnNanoseconds: turn))
  }

  @Test func `all that is known is told, in milliseconds`() {
    #expect(
      told(record(), turn: 4000)
        == "Server-Timing: penstock;dur=0.065, dns;dur=1.234, connect;dur=20.000"
        + ", tls;dur=3.000, upstream;dur=40.000\r\n")
  }

  @Test func `without TLS there is no time of it, and none of a connection that was there`() {
    var plain = record()
    plain.tlsNanoseconds = 0
    #expect(
      told(plain)
        == "Server-Timing: penstock;dur=0.061, dns;dur=1.234, connect;dur=20.000"
        + ", upstream;dur=40.000\r\n")
    var reused = record()
    reused.isReused = true
    #expect(told(reused) == "Server-Timing: penstock;dur=0.061, upstream;dur=40.000\r\n")
  }

  @Test func `without an answer the wait for it is told, where it was waited for`() {
    var record = record()
    record.isReused = true
    record.firstByteNanoseconds = 0
    var times = PhaseTimes(startNanoseconds: 0)
    times.add(.send, untilNanoseconds: 100_000_000)
    record.times = times
    #expect(told(record) == "Server-Timing: penstock;dur=0.061\r\n")
    times.add(.firstByte, untilNanoseconds: 200_000_000)
    record.times = times
    #expect(told(record) == "Server-Timing: penstock;dur=0.061, upstream;dur=100.000\r\n")
  }

  @Test func `what never reached an upstream tells of Penstock alone`() {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    #expect(told(record, turn: 12_345) == "Server-Timing: penstock;dur=0.012\r\n")
    record.hasUpstream = true
    record.phase = .connect
    #expect(told(record) == "Server-Timing: penstock;dur=0.000\r\n")
  }
}
