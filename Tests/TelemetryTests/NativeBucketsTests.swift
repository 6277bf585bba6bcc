import Testing

@testable import Telemetry

@Suite struct NativeBucketsTests {
  /// 2^(0 / 8 - 1) to 2^(7 / 8 - 1), as client_golang has them.
  private static let fractions = [
    0.5, 0.5452538663326288, 0.5946035575013605, 0.6484197773255048, 0.7071067811865475,
    0.7711054127039704, 0.8408964152537144, 0.9170040432046711,
  ]

  /// Inclusive, in seconds.
  private func upperBound(_ index: Int) -> Double {
    let octave = index >> 3
    return Double(sign: .plus, exponent: octave + 1, significand: Self.fractions[index & 7])
  }

  private func index(_ nanoseconds: Int64) -> Int {
    NativeBuckets.index(ofColumn: NativeBuckets.column(ofNanoseconds: nanoseconds))
  }

  private func expectInside(_ nanoseconds: Int64) {
    let seconds = Double(nanoseconds) / 1e9
    let index = index(nanoseconds)
    #expect(
      upperBound(index - 1) < seconds && seconds <= upperBound(index), "\(nanoseconds): \(index)")
  }

  @Test func `a duration lies within the bounds of its bucket, at them and beside them`() {
    for index in -239...264 {
      let bound = Int64((upperBound(index) * 1e9).rounded(.down))
      for nanoseconds in [bound - 1, bound, bound + 1] where nanoseconds > 0 {
        expectInside(nanoseconds)
      }
    }
    for _ in 0..<10_000 { expectInside(Int64.random(in: 1...(1 << Int64.random(in: 1...62)))) }
  }

  @Test func `a power of two closes its bucket`() {
    // 2^-9 s is the smallest in whole nanoseconds.
    for (power, nanoseconds) in zip(-9...33, sequence(first: 1_953_125 as Int64) { $0 * 2 }) {
      #expect(index(nanoseconds) == 8 * power)
      if power < 18 { #expect(index(nanoseconds + 1) == 8 * power + 1) }
    }
  }

  @Test func `every duration has a column, and 0 has one that no other has`() {
    for nanoseconds: Int64 in [0, -1, .min] {
      #expect(NativeBuckets.column(ofNanoseconds: nanoseconds) == NativeBuckets.zeroColumn)
    }
    #expect(NativeBuckets.column(ofNanoseconds: 1) == NativeBuckets.zeroColumn + 1)
    #expect(NativeBuckets.column(ofNanoseconds: .max) < NativeBuckets.columns)
    #expect(NativeBuckets.zeroThreshold < 1e-9)
  }
}
