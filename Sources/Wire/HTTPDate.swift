/// Dates of HTTP fields, in all three of their forms (RFC 9110 §5.6.7).
///
/// Read by what their parts look like, as cookies are (RFC 6265 §5.1.1): a time has colons, a month
/// is a word, the day comes before the year.
public enum HTTPDate {
  /// The longest form is `Wednesday, 06-Nov-94 08:49:37 GMT`; some room for more space.
  private static let bytesMax = 48

  /// Seconds since 1970; nil for what is no date.
  public static func unixSeconds(_ text: Span<UInt8>) -> Int? {
    if text.count > bytesMax { return nil }
    var parts = Parts()
    var index = 0
    while index < text.count {
      var end = index
      while end < text.count, !isDelimiter(text[end]) { end &+= 1 }
      if end > index { parts.take(text.extracting(index..<end)) }
      index = end + 1
    }
    return parts.unixSeconds
  }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x2c || byte == 0x2d
  }

  private struct Parts {
    var day: Int?
    var month: Int?
    var year: Int?
    var secondOfDay: Int?

    mutating func take(_ part: Span<UInt8>) {
      if let time = HTTPDate.secondOfDay(part) {
        if secondOfDay == nil { secondOfDay = time }
      } else if let number = HTTPDate.number(part) {
        if day == nil, part.count <= 2 {
          day = number
        } else if year == nil, part.count == 4 {
          year = number
        } else if year == nil, part.count == 2 {
          year = number < 70 ? 2000 + number : 1900 + number
        }
      } else if month == nil {
        month = HTTPDate.month(part)
      }
    }

    var unixSeconds: Int? {
      guard let day, let month, let year, let secondOfDay, 1...31 ~= day, year >= 1601 else {
        return nil
      }
      return HTTPDate.days(year, month, day) * 86_400 + secondOfDay
    }
  }

  /// Up to four digits, and nothing else.
  private static func number(_ text: Span<UInt8>) -> Int? {
    if text.isEmpty || text.count > 4 { return nil }
    var number = 0
    var index = 0
    while index < text.count {
      if !ByteClass.isDigit(text[index]) { return nil }
      number = number * 10 + Int(text[index] - 0x30)
      index &+= 1
    }
    return number
  }

  /// `08:49:37`.
  private static func secondOfDay(_ text: Span<UInt8>) -> Int? {
    guard text.count == 8, text[2] == 0x3a, text[5] == 0x3a,
      let hour = number(text.extracting(0..<2)), hour < 24,
      let minute = number(text.extracting(3..<5)), minute < 60,
      let second = number(text.extracting(6..<8)), second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  /// 1 to 12.
  private static func month(_ text: Span<UInt8>) -> Int? {
    for (index, name) in months.enumerated() where text.equalsIgnoringCase(name) {
      return index + 1
    }
    return nil
  }

  private static let months: [StaticString] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]

  /// Days since 1970 of a date of the Gregorian calendar. The year begins in March, so that the day
  /// that not every year has is its last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let month = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * month + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }
}
