import Glibc

/// Numbers as people read them: three digits that count, and a unit.
enum Figure {
  /// `1.23 ms`, `456 µs`, `2.00 s`.
  static func seconds(_ value: Double) -> String {
    if value >= 0.9995 { return significant(value) + " s" }
    if value >= 0.9995e-3 { return significant(value * 1e3) + " ms" }
    return significant(value * 1e6) + " µs"
  }

  /// `1.23 MiB`.
  static func bytes(_ value: Double) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var scaled = value
    var unit = 0
    while scaled >= 1024, unit < units.count - 1 {
      scaled /= 1024
      unit += 1
    }
    return (unit == 0 ? String(Int(scaled)) : significant(scaled)) + " " + units[unit]
  }

  /// `12,345`.
  static func count(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0, index % 3 == 0, digit != "-" { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// `1 thread`, `2 threads`.
  static func count(_ value: Int, _ noun: String) -> String {
    count(value) + " " + noun + (value == 1 ? "" : "s")
  }

  /// A rate: whole where it is large.
  static func rate(_ value: Double) -> String {
    value >= 1000 ? count(Int(value.rounded())) : significant(value)
  }

  /// Three digits that count; whole numbers stay whole.
  static func significant(_ value: Double) -> String {
    let size = abs(value)
    return fixed(value, digits: size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)
  }

  /// With so many digits behind the point.
  static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let whole = Int((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && whole > 0 ? "-" : ""
    if digits == 0 { return sign + String(whole) }
    let behind = String(whole % scale)
    return sign + "\(whole / scale)." + String(repeating: "0", count: digits - behind.count)
      + behind
  }
}
