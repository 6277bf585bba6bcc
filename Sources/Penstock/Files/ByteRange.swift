import Wire

/// One range of bytes that a client asks for (RFC 9110 §14.1.2).
enum ByteRange: Equatable {
  /// To the end where there is no last byte.
  case from(Int, last: Int?)
  case last(Int)

  /// What a range comes to.
  enum Outcome: Equatable {
    case part(Range<Int>)
    case unsatisfiable
  }

  /// nil for what is to be ignored: another unit, several ranges, or nothing sensible.
  init?(_ value: Span<UInt8>) {
    let unit = 6
    guard value.count > unit, value.extracting(0..<unit).equalsIgnoringCase("bytes="),
      let dash = value.index(of: 0x2d, from: unit)
    else { return nil }
    let first = value.extracting(unit..<dash)
    let last = value.extracting((dash + 1)..<value.count)
    if first.isEmpty {
      guard let count = Framing.decimal(last) else { return nil }
      self = .last(count)
      return
    }
    guard let start = Framing.decimal(first) else { return nil }
    if last.isEmpty {
      self = .from(start, last: nil)
      return
    }
    guard let end = Framing.decimal(last), end >= start else { return nil }
    self = .from(start, last: end)
  }

  /// `size`: of the whole.
  func outcome(ofSize size: Int) -> Outcome {
    switch self {
    case .from(let start, _) where start >= size: .unsatisfiable
    case .from(let start, let last): .part(start..<min(last ?? size - 1, size - 1) + 1)
    case .last(let count) where count == 0 || size == 0: .unsatisfiable
    case .last(let count): .part(max(0, size - count)..<size)
    }
  }
}
