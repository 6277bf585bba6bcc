import Testing

@testable import Penstock

@Suite struct AccessFilterTests {
  /// How many of so many exchanges get a line, and what the last of them says.
  private func written(
    of count: Int, _ log: LogConfiguration, status: Int = 200, error: PenstockError? = nil,
    milliseconds: Int64 = 1, seed: UInt64 = 7
  ) -> (count: Int, last: AccessFilter.Verdict?) {
    var filter = AccessFilter(log, seed: seed)
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.status = status
    record.error = error
    var written = 0
    var last: AccessFilter.Verdict?
    for _ in 0..<count {
      let verdict = filter.verdict(on: record, durationNanoseconds: milliseconds * 1_000_000)
      if let verdict { (written, last) = (written + 1, verdict) }
    }
    return (written, last)
  }

  private func rate(_ verdict: AccessFilter.Verdict?) -> String? {
    verdict.map { String(decoding: $0.rateMember, as: UTF8.self) }
  }

  @Test(arguments: [
    (0.01, ",\"sample_rate\":0.01"), (0.25, ",\"sample_rate\":0.25"),
    (0.999, ",\"sample_rate\":0.999"),
  ])
  func `of what went well the share is written, and says its rate`(
    share: Double, member: String
  ) throws {
    let seed = UInt64.random(in: 1 ... .max)
    let (count, last) = written(of: 100_000, LogConfiguration(sampleSuccess: share), seed: seed)
    // Six standard deviations: one run in five hundred million is further away.
    let deviation = (100_000 * share * (1 - share)).squareRoot()
    #expect(abs(Double(count) - 100_000 * share) <= 6 * deviation, "seed \(seed)")
    #expect(rate(last) == member)
  }

  @Test func `none or all of it say no rate`() {
    #expect(written(of: 1000, LogConfiguration(sampleSuccess: 0)).count == 0)
    let (count, last) = written(of: 1000, LogConfiguration(sampleSuccess: 1))
    #expect(count == 1000 && rate(last) == "")
  }

  @Test func `which ones are picked is in step with nothing`() {
    // A hundred filters of one seed a piece: were every second exchange picked, all of them would
    // pick the same.
    let firsts = (1...100).map { seed in
      written(of: 64, LogConfiguration(sampleSuccess: 0.5), seed: seed &* 0x9e37_79b9_7f4a_7c15)
        .count
    }
    #expect(Set(firsts).count > 5)
  }

  @Test(
    arguments: [(404, nil), (502, .upstreamClosed), (200, .upstreamTruncated)]
      as [(Int, PenstockError?)])
  func `what went wrong is always written`(status: Int, error: PenstockError?) {
    let log = LogConfiguration(sampleSuccess: 0)
    let (count, last) = written(of: 10, log, status: status, error: error)
    #expect(count == 10 && rate(last) == "")
  }

  @Test func `what was slow is a warning, and always written`() {
    let log = LogConfiguration(level: .warn, slowMilliseconds: 2000, sampleSuccess: 0)
    let (count, last) = written(of: 10, log, milliseconds: 2000)
    #expect(count == 10 && last?.level == .warn && last?.isSlow == true && rate(last) == "")
    #expect(written(of: 10, log, milliseconds: 1999).count == 0)
    let (_, failed) = written(of: 1, log, status: 500, error: .internalError, milliseconds: 2000)
    #expect(failed?.level == .error && failed?.isSlow == true)
  }

  @Test func `without a threshold nothing is slow`() {
    #expect(written(of: 1, LogConfiguration(), milliseconds: 1 << 40).last?.isSlow == false)
  }

  @Test(
    arguments: [
      (.debug, [true, true, true]), (.info, [true, true, true]), (.warn, [false, true, true]),
      (.error, [false, false, true]),
    ] as [(LogLevel, [Bool])])
  func `the level is the least that is written`(level: LogLevel, expected: [Bool]) {
    let log = LogConfiguration(level: level)
    let found = [
      written(of: 1, log, status: 404, error: .notFound),
      written(of: 1, log, status: 502, error: .upstreamClosed),
      written(of: 1, log, status: 500, error: .internalError),
    ].map { $0.count == 1 }
    #expect(found == expected)
  }
}
