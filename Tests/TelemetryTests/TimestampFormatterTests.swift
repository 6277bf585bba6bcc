import Foundation
import Testing
import Wire

@testable import Telemetry

@Suite struct TimestampFormatterTests {
  private func written(_ times: [Int64]) -> [String] {
    var formatter = TimestampFormatter()
    return times.map {
      var out = ByteBuffer()
      formatter.append(unixNanoseconds: $0, into: &out)
      return text(of: out)
    }
  }

  @Test func `a time is written to the microsecond in UTC`() {
    #expect(
      written([0, 999, 1000, 999_999_999, 1_000_000_000, 951_782_399_123_456_789]) == [
        "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000000Z",
        "1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:00.999999Z",
        "1970-01-01T00:00:01.000000Z", "2000-02-28T23:59:59.123456Z",
      ])
  }

  @Test func `a clock that was set back is followed`() {
    #expect(written([5_000_000_000, 4_000_000_000]).last == "1970-01-01T00:00:04.000000Z")
  }

  @Test func `a time before 1970 is written as 1970`() {
    #expect(written([-1]) == ["1970-01-01T00:00:00.000000Z"])
  }

  @Test func `every day up to 2200 has the date that the calendar gives it`() {
    let reference = ISO8601DateFormatter()
    for day in 0..<84_006 {
      let seconds = day * 86_400 + day % 86_400
      let wanted = reference.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
      let got = written([Int64(seconds) * 1_000_000_000])[0]
      if got != wanted.dropLast() + ".000000Z" { Issue.record("\(got) is not \(wanted)") }
    }
  }
}
