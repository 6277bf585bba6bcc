import Glibc
import Wire

/// The value of the Date field (RFC 9110 §5.6.7), made anew when a second has passed.
struct DateText: ~Copyable {
  private var text = ByteBuffer()
  private var second = Int64.min

  mutating func append(to target: inout ByteBuffer, wallNanoseconds: Int64) {
    let now = wallNanoseconds / 1_000_000_000
    if now != second { write(now) }
    target.append(text.span)
  }

  private mutating func write(_ now: Int64) {
    second = now
    text.removeAll()
    var time = time_t(now)
    var parts = tm()
    gmtime_r(&time, &parts)
    text.append(Self.days[Int(parts.tm_wday)])
    text.append(", ")
    appendTwoDigits(parts.tm_mday)
    text.append(" ")
    text.append(Self.months[Int(parts.tm_mon)])
    text.append(" ")
    text.append(decimal: Int(parts.tm_year) + 1900)
    text.append(" ")
    appendTwoDigits(parts.tm_hour)
    text.append(":")
    appendTwoDigits(parts.tm_min)
    text.append(":")
    appendTwoDigits(parts.tm_sec)
    text.append(" GMT")
  }

  private mutating func appendTwoDigits(_ value: Int32) {
    if value < 10 { text.append(0x30) }
    text.append(decimal: Int(value))
  }

  // Not strftime: its names follow the locale.
  private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
