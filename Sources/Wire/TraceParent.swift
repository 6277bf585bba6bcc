/// Which trace a message belongs to, and which span of it sent the message: what `traceparent` says
/// (W3C Trace Context §3.2).
public struct TraceParent: Equatable, Sendable {
  /// The trace's id of 128 bits, of which one at least is set.
  public let traceHigh: UInt64
  public let traceLow: UInt64
  /// The id of the span that sends the message; not 0.
  public var span: UInt64
  /// Only flags that version 00 knows: sampled, and since level 2 random.
  public let flags: UInt8

  /// The sender may have recorded its span.
  public static let sampled: UInt8 = 1
  /// The last 56 bits of the trace's id, at the least, are random.
  public static let random: UInt8 = 2

  /// The length of version 00, in bytes.
  public static let byteCount = 55

  public init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8) {
    self.traceHigh = traceHigh
    self.traceLow = traceLow
    self.span = span
    self.flags = flags
  }

  /// Reads a field's value; nil where it is not valid. Of a version that came later only the part
  /// that it has in common with version 00 is read, as §3.2.4 wants it.
  public init?(_ value: Span<UInt8>) {
    guard value.count >= Self.byteCount,
      value[2] == 0x2d, value[35] == 0x2d, value[52] == 0x2d,
      let version = Self.hexadecimal(value.extracting(0..<2)), version != 0xff,
      value.count == Self.byteCount || version > 0 && value[Self.byteCount] == 0x2d,
      let high = Self.hexadecimal(value.extracting(3..<19)),
      let low = Self.hexadecimal(value.extracting(19..<35)), high | low != 0,
      let span = Self.hexadecimal(value.extracting(36..<52)), span != 0,
      let flags = Self.hexadecimal(value.extracting(53..<55))
    else { return nil }
    self.init(
      traceHigh: high, traceLow: low, span: span,
      flags: UInt8(truncatingIfNeeded: flags) & (Self.sampled | Self.random))
  }

  /// At most 16 digits, none of them in upper case.
  private static func hexadecimal(_ digits: Span<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    var index = 0
    while index < digits.count {
      let byte = digits[index]
      guard ByteClass.lowercased(byte) == byte, let digit = ByteClass.hexadecimal(byte) else {
        return nil
      }
      number = number << 4 | UInt64(digit)
      index &+= 1
    }
    return number
  }

  /// Appends the field's value, in version 00.
  public func append(into out: inout ByteBuffer) {
    out.append("00-")
    out.append(sixteenDigits: traceHigh)
    out.append(sixteenDigits: traceLow)
    out.append(0x2d)
    appendSpanID(into: &out)
    out.append("-0")
    out.append(0x30 | flags)
  }

  /// The trace's id as it is written.
  public var traceDigits: [32 of UInt8] {
    var digits: [32 of UInt8] = .init(repeating: 0)
    for index in 0..<16 {
      digits[index] = Hexadecimal.digit(index, of: traceHigh)
      digits[16 + index] = Hexadecimal.digit(index, of: traceLow)
    }
    return digits
  }

  /// Appends the 16 digits of the span's id.
  public func appendSpanID(into out: inout ByteBuffer) { out.append(sixteenDigits: span) }
}
