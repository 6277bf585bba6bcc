/// The buckets of native histograms of durations in seconds: of schema 3, which cuts each power of
/// two into eight, so that a bound is 9 % above the one before.
///
/// The bucket of index i holds what is above 2^((i - 1) / 8) and not above 2^(i / 8). A table has a
/// column for each that a duration in whole nanoseconds may fall into, from the one of 1 ns to the
/// one of 2^63 ns, and before them one for 0.
@usableFromInline enum NativeBuckets {
  static let schema: Int32 = 3
  /// Below whatever is no 0; the one of Prometheus' own clients, so that theirs and these add up.
  static let zeroThreshold = 0x1p-128
  static let columns = 512
  static let zeroColumn = 0
  /// 1 ns is of index -239, and in column 1.
  @usableFromInline static let columnOfIndexZero = 240

  static func index(ofColumn column: Int) -> Int { column - columnOfIndexZero }

  /// Exact at the bounds, as a duration is a float64 of seconds for whoever reads it.
  @inlinable static func column(ofNanoseconds nanoseconds: Int64) -> Int {
    if nanoseconds <= 0 { return 0 }
    let bits = (Double(nanoseconds) / 1e9).bitPattern
    let mantissa = bits & 0xf_ffff_ffff_ffff
    var index = (Int(truncatingIfNeeded: bits >> 52) &- 1023) &* 8
    // The mantissas of 2^(0 / 8) to 2^(7 / 8). Each is compared and no branch depends on one.
    index &+= mantissa > 0 ? 1 : 0
    index &+= mantissa > 0x1_72b8_3c7d_517b ? 1 : 0
    index &+= mantissa > 0x3_06fe_0a31_b715 ? 1 : 0
    index &+= mantissa > 0x4_bfda_d536_2a27 ? 1 : 0
    index &+= mantissa > 0x6_a09e_667f_3bcc ? 1 : 0
    index &+= mantissa > 0x8_ace5_422a_a0db ? 1 : 0
    index &+= mantissa > 0xa_e89f_995a_d3ac ? 1 : 0
    index &+= mantissa > 0xd_5818_dcfb_a486 ? 1 : 0
    return index &+ columnOfIndexZero
  }
}
