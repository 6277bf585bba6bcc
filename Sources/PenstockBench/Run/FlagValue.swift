/// Reads the values of flags: `10s`, `5k`, `64k`, `POST`, `Name: value`.
///
/// A value of another flag's shape names that flag, because wrk, hey, oha and k6 have given the
/// same letters to different things.
enum FlagValue {
  // MARK: Times

  /// `500us`, `20ms`, `10s`, `1.5m`, `1h`; a number alone is seconds.
  static func nanoseconds(_ text: String) throws(RunFault) -> Int64 {
    if let read = time(text) { return read }
    if magnitude(text) != nil {
      throw RunFault(
        "`\(text)` is a number and not a time such as 10s: requests are -n \(text), "
          + "requests a second -R \(text)")
    }
    throw RunFault("`\(text)` is not a time such as 500us, 20ms, 10s, 1m or 1h")
  }

  /// Nil where the text is no time; a number alone is one.
  static func time(_ text: String) -> Int64? {
    let units: [(String, Double)] = [
      ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("", 1e9),
    ]
    for (unit, nanoseconds) in units where text.hasSuffix(unit) {
      guard let number = decimal(text.dropLast(unit.count)) else { continue }
      let value = number * nanoseconds
      return value < 9e18 ? Int64(value) : nil
    }
    return nil
  }

  // MARK: Numbers

  /// `500`, `5k`, `1M`: of connections, threads or requests.
  static func count(_ text: String, of flag: String, max: Int) throws(RunFault) -> Int {
    if let number = magnitude(text) ?? decimal(text[...]), number == number.rounded() {
      guard number >= 1, number <= Double(max) else {
        throw RunFault("\(flag) is 1 to \(max), and not \(text)")
      }
      return Int(number)
    }
    if time(text) != nil {
      throw RunFault(
        "`\(text)` is a time: how long to run is -d \(text), how long to wait for an answer "
          + "--timeout \(text)" + (text.hasSuffix("m") ? "; a million is 1M" : ""))
    }
    throw RunFault("`\(text)` is not a number such as 64 or 5k")
  }

  /// `900`, `5k`, `5k/s`.
  static func rate(_ text: String) throws(RunFault) -> Double {
    let number = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
    if let rate = magnitude(number) ?? decimal(number[...]) {
      guard rate >= 0.001, rate <= rateMax else {
        throw RunFault("a rate is 0.001 to \(Int(rateMax)) requests a second, and not \(text)")
      }
      return rate
    }
    if time(text) != nil { throw RunFault("`\(text)` is a time: how long to run is -d \(text)") }
    throw RunFault("`\(text)` is not a rate such as 900, 5k or 100..5000/60s")
  }

  private static let rateMax = 10_000_000.0

  /// A number with a multiplier of 1000 behind it.
  static func magnitude(_ text: String) -> Double? {
    let units: [(String, Double)] = [("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9)]
    for (unit, factor) in units where text.hasSuffix(unit) {
      return decimal(text.dropLast(1)).map { $0 * factor }
    }
    return nil
  }

  /// `64k`, `1M`, `1G`, in bytes; the multipliers are of 1024.
  static func bytes(_ text: String, max: Int) throws(RunFault) -> Int {
    let units: [(String, Double)] = [
      ("k", 1024), ("K", 1024), ("M", 1_048_576), ("G", 1_073_741_824),
    ]
    var value = decimal(text[...])
    for (unit, factor) in units where text.hasSuffix(unit) {
      value = decimal(text.dropLast(1)).map { $0 * factor }
    }
    guard let value, value >= 0, value <= Double(max) else {
      throw RunFault("`\(text)` is not a number of bytes such as 512, 64k or 1M, up to \(max)")
    }
    return Int(value)
  }

  // MARK: Parts of a request

  /// A method is a token (RFC 9110 §9.1), and by its shape no value of another flag.
  static func method(_ text: String) throws(RunFault) -> String {
    if text.contains(":") { throw RunFault("`\(text)` is a field: those are -H '\(text)'") }
    if time(text) != nil || magnitude(text) != nil {
      throw RunFault("`\(text)` is no method: how long to run is -d, how many requests -n")
    }
    guard isToken(text) else { throw RunFault("`\(text)` is not a method such as POST") }
    return text
  }

  static func field(_ text: String) throws(RunFault) -> RequestField {
    guard let colon = text.firstIndex(of: ":") else {
      let isMethod = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isUppercase }
      throw RunFault(
        "`\(text)` is not a field such as 'Accept: text/plain'"
          + (isMethod ? "; a method is -m \(text)" : ""))
    }
    let name = String(text[..<colon])
    let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
    guard isToken(name) else { throw RunFault("`\(name)` is not the name of a field") }
    guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
      throw RunFault("the value of \(name) holds a byte that no field may have")
    }
    return RequestField(name: name, value: String(value))
  }

  /// `3=rest`, a weight in front of what it is for; without one the weight is 1.
  static func weighted(_ text: String) throws(RunFault) -> Weighted {
    guard let equals = text.firstIndex(of: "="), let weight = Int(text[..<equals]) else {
      return Weighted(weight: 1, text: text)
    }
    guard (1...Weighted.weightMax).contains(weight) else {
      throw RunFault("a weight is 1 to \(Weighted.weightMax), and not \(weight)")
    }
    return Weighted(weight: weight, text: String(text[text.index(after: equals)...]))
  }

  // MARK: Helpers

  /// Digits, perhaps with a point between them.
  static func decimal(_ text: Substring) -> Double? {
    guard let first = text.utf8.first, let last = text.utf8.last, first != 0x2e, last != 0x2e,
      text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2e })
    else { return nil }
    return Double(text)
  }

  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        0x30...0x39 ~= $0 || 0x41...0x5a ~= $0 || 0x61...0x7a ~= $0
          || "!#$%&'*+-.^_`|~".utf8.contains($0)
      }
  }
}
