/// The forms of numbers in a configuration file; nil is what does not have the form.
enum ScalarFormat {
  /// A whole number in decimal digits, without a sign.
  static func count(_ text: String) -> Int? {
    guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
      return nil
    }
    return Int(text)
  }

  /// A decimal number without sign or exponent, say `0.25`.
  static func fraction(_ text: String) -> Double? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ count(String($0)) != nil }) else {
      return nil
    }
    return Double(text)
  }

  /// Bytes: a count with `KiB`, `MiB`, `GiB` or nothing.
  static func bytes(_ text: String) -> Int? {
    let (digits, unit) = cut(text)
    guard let number = count(digits) else { return nil }
    switch unit {
    case "": return number
    case "KiB": return scaled(number, by: 1 << 10)
    case "MiB": return scaled(number, by: 1 << 20)
    case "GiB": return scaled(number, by: 1 << 30)
    default: return nil
    }
  }

  /// Milliseconds: a count with `us`, `ms`, `s`, `m` or `h`; a bare `0` needs none. Microseconds
  /// round up, since 0 often means no limit.
  static func milliseconds(_ text: String) -> Int? {
    if text == "0" { return 0 }
    let (digits, unit) = cut(text)
    guard let number = count(digits) else { return nil }
    switch unit {
    case "us": return number / 1000 + (number % 1000 == 0 ? 0 : 1)
    case "ms": return number
    case "s": return scaled(number, by: 1000)
    case "m": return scaled(number, by: 60_000)
    case "h": return scaled(number, by: 3_600_000)
    default: return nil
    }
  }

  static func flag(_ text: String) -> Bool? {
    switch text {
    case "true", "on", "yes": true
    case "false", "off", "no": false
    default: nil
    }
  }

  /// A size in the largest unit that leaves a whole number, for messages.
  static func text(bytes: Int) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
    where bytes >= unit && bytes % unit == 0 {
      return "\(bytes / unit)\(name)"
    }
    return "\(bytes)"
  }

  /// A duration in the largest unit that leaves a whole number, for messages.
  static func text(milliseconds: Int) -> String {
    for (unit, name) in [(3_600_000, "h"), (60_000, "m"), (1000, "s")]
    where milliseconds >= unit && milliseconds % unit == 0 {
      return "\(milliseconds / unit)\(name)"
    }
    return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
  }

  private static func cut(_ text: String) -> (digits: String, unit: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    return (String(digits), String(text.dropFirst(digits.count)))
  }

  private static func scaled(_ number: Int, by factor: Int) -> Int? {
    let (result, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : result
  }
}
