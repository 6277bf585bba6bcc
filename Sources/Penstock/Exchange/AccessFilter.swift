import Wire

/// Decides which exchanges get an access line, and at which level.
///
/// What went well may be sampled: then each line says the rate, so that a line counts as
/// 1/`sample_rate` exchanges. One a worker; asks neither a lock nor the kernel.
struct AccessFilter {
  struct Verdict {
    let level: LogLevel
    /// It took at least `log.slow`.
    let isSlow: Bool
    /// The finished member of a sampled line, with its comma; else empty.
    let rateMember: [UInt8]
  }

  private let least: LogLevel
  private let slowNanoseconds: Int64
  private let share: Double
  private let rateMember: [UInt8]
  /// Never 0.
  private var random: UInt64

  init(_ log: LogConfiguration, seed: UInt64 = .random(in: 1 ... .max)) {
    precondition(seed != 0)
    least = log.level
    slowNanoseconds = log.slowMilliseconds > 0 ? Int64(log.slowMilliseconds) * 1_000_000 : .max
    share = log.sampleSuccess
    rateMember = share < 1 ? Array(",\"sample_rate\":\(share)".utf8) : []
    random = seed
  }

  /// Nil where the exchange gets no line.
  mutating func verdict(
    on record: borrowing AccessRecord, durationNanoseconds: Int64
  ) -> Verdict? {
    let isSlow = durationNanoseconds >= slowNanoseconds
    let level = isSlow ? max(record.level, .warn) : record.level
    if level < least { return nil }
    if isSlow || record.error != nil || record.status >= 400 {
      return Verdict(level: level, isSlow: isSlow, rateMember: [])
    }
    return isPicked() ? Verdict(level: level, isSlow: false, rateMember: rateMember) : nil
  }

  private mutating func isPicked() -> Bool {
    if share >= 1 { return true }
    // xorshift64 (Marsaglia, 2003). Every hundredth in turn would be in step with clients that
    // repeat themselves. Its upper 53 bits are a number from 0 to 1, without 1.
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return Double(random >> 11) * 0x1p-53 < share
  }
}
