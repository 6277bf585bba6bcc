import Wire

/// Writes wall-clock times as RFC 3339 in UTC with microseconds: `2026-01-02T03:04:05.678901Z`.
///
/// It keeps the text of the second it wrote last, so that most times cost only their fraction.
/// One a worker; not shared.
public struct TimestampFormatter: Sendable {
  /// The bytes that every time takes, up to the year 9999.
  public static let textBytes = 27

  private var second = Int64.min
  /// `2026-01-02T03:04:05`, the text of `second`.
  private var secondText: InlineArray<19, UInt8> = .init(repeating: 0x30)

  public init() {}

  /// Appends a time given in nanoseconds since 1970; one before 1970 is written as 1970.
  public mutating func append(unixNanoseconds: Int64, into out: inout ByteBuffer) {
    let nanoseconds = max(0, unixNanoseconds)
    let wanted = nanoseconds / 1_000_000_000
    if wanted != second { refresh(wanted) }
    let microseconds = Int(nanoseconds % 1_000_000_000) / 1000
    let text = secondText.span
    _ = out.fill(minimum: Self.textBytes) { space in
      var index = 0
      while index < text.count {
        space[index] = text[index]
        index &+= 1
      }
      space[19] = 0x2e
      Self.write(microseconds, digits: 6, at: 20) { space[$0] = $1 }
      space[26] = 0x5a
      return Self.textBytes
    }
  }

  private mutating func refresh(_ unixSeconds: Int64) {
    second = unixSeconds
    let secondOfDay = Int(unixSeconds % 86_400)
    let (year, month, day) = Self.date(daysSince1970: Int(unixSeconds / 86_400))
    var text: InlineArray<19, UInt8> = .init(repeating: 0x3a)
    text[4] = 0x2d
    text[7] = 0x2d
    text[10] = 0x54
    let fields: InlineArray<6, (value: Int, digits: Int, start: Int)> = [
      (year, 4, 0), (month, 2, 5), (day, 2, 8),
      (secondOfDay / 3600, 2, 11), (secondOfDay / 60 % 60, 2, 14), (secondOfDay % 60, 2, 17),
    ]
    for index in fields.indices {
      let field = fields[index]
      Self.write(field.value, digits: field.digits, at: field.start) { text[$0] = $1 }
    }
    secondText = text
  }

  @inline(__always) private static func write(
    _ value: Int, digits: Int, at start: Int, _ store: (Int, UInt8) -> Void
  ) {
    var rest = value
    var index = start + digits - 1
    while index >= start {
      store(index, UInt8(truncatingIfNeeded: 0x30 &+ rest % 10))
      rest /= 10
      index &-= 1
    }
  }

  /// The civil date of a day count (Howard Hinnant, "chrono-compatible low-level date algorithms"):
  /// years begin in March, so that the leap day is a year's last.
  private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
