import Glibc

/// The value of Date fields, written once a second (RFC 9110 §5.6.7, IMF-fixdate).
struct DateText: ~Copyable {
  private var second: Int64 = -1
  private var text = [UInt8](repeating: 0x20, count: 29)

  /// Brings the text up to the wall clock, in nanoseconds since 1970.
  mutating func update(wallNanoseconds: Int64) {
    let now = wallNanoseconds / 1_000_000_000
    if now == second { return }
    second = now
    var time = time_t(now)
    var parts = tm()
    gmtime_r(&time, &parts)
    let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months: [StaticString] = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    text.removeAll(keepingCapacity: true)
    text += "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) ".utf8
    text += "\(months[Int(parts.tm_mon)]) \(1900 + parts.tm_year) ".utf8
    text += "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT".utf8
  }

  var span: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { text.span }
  }

  private func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
