import Glibc
import Wire

/// Writes one JSON object a line, member by member, into a worker's log buffer.
///
/// A line is `begin`, members in any order, `end`. Names are literals that need no escaping.
public enum JSONLine {
  /// Opens the object with its `time`, given in nanoseconds since 1970.
  public static func begin(
    unixNanoseconds: Int64, _ formatter: inout TimestampFormatter, into out: inout ByteBuffer
  ) {
    out.append("{\"time\":\"" as StaticString)
    formatter.append(unixNanoseconds: unixNanoseconds, into: &out)
    out.append(quote)
  }

  /// Writes a string that may hold anything. It takes at most `bytesMax` bytes in the line, escapes
  /// included; the result says whether it had to be cut for that.
  @discardableResult
  public static func string(
    _ name: StaticString, _ value: Span<UInt8>, bytesMax: Int, into out: inout ByteBuffer
  ) -> Bool {
    writeName(name, opening: quote, into: &out)
    let isWhole = LogText.append(value, bytesMax: bytesMax, into: &out)
    out.append(quote)
    return !isWhole
  }

  /// The same for a text that the process has as a `String`; not for the hot path.
  @discardableResult
  public static func string(
    _ name: StaticString, _ value: String, bytesMax: Int, into out: inout ByteBuffer
  ) -> Bool {
    string(name, Array(value.utf8).span, bytesMax: bytesMax, into: &out)
  }

  /// Writes a literal that needs no escaping, say a slug or a phase.
  public static func literal(
    _ name: StaticString, _ value: StaticString, into out: inout ByteBuffer
  ) {
    writeName(name, opening: quote, into: &out)
    out.append(value)
    out.append(quote)
  }

  public static func integer(_ name: StaticString, _ value: Int, into out: inout ByteBuffer) {
    writeName(name, into: &out)
    out.append(decimal: value)
  }

  public static func boolean(_ name: StaticString, _ value: Bool, into out: inout ByteBuffer) {
    writeName(name, into: &out)
    out.append(value ? "true" as StaticString : "false")
  }

  /// Writes a duration in milliseconds with three decimals, rounded to the nearest microsecond.
  /// A negative one is written as 0: the clocks of two threads may differ by a turn.
  public static func milliseconds(
    _ name: StaticString, nanoseconds: Int64, into out: inout ByteBuffer
  ) {
    writeName(name, into: &out)
    appendMilliseconds(nanoseconds: nanoseconds, into: &out)
  }

  /// Appends the same number alone.
  public static func appendMilliseconds(nanoseconds: Int64, into out: inout ByteBuffer) {
    let microseconds = Int((max(0, nanoseconds) &+ 500) / 1000)
    out.append(decimal: microseconds / 1000)
    let fraction = microseconds % 1000
    _ = out.fill(minimum: 4) { space in
      space[0] = 0x2e
      space[1] = UInt8(truncatingIfNeeded: 0x30 &+ fraction / 100)
      space[2] = UInt8(truncatingIfNeeded: 0x30 &+ fraction / 10 % 10)
      space[3] = UInt8(truncatingIfNeeded: 0x30 &+ fraction % 10)
      return 4
    }
  }

  /// Closes the object. The line feed is `LogBuffer.endLine`'s.
  public static func end(into out: inout ByteBuffer) {
    out.append(0x7d)
  }

  private static let quote: UInt8 = 0x22

  /// Writes a name, its colon and, for a string, the quote that opens the value: once for every
  /// member of every line, so in one piece.
  private static func writeName(
    _ name: StaticString, opening: UInt8? = nil, into out: inout ByteBuffer
  ) {
    let count = name.utf8CodeUnitCount
    _ = out.fill(minimum: count + 5) { space in
      space[0] = 0x2c
      space[1] = quote
      memcpy(space.baseAddress.unsafelyUnwrapped + 2, name.utf8Start, count)
      space[count + 2] = quote
      space[count + 3] = 0x3a
      guard let opening else { return count + 4 }
      space[count + 4] = opening
      return count + 5
    }
  }
}
