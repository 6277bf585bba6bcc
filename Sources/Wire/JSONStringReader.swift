/// Reads what a scanned JSON string means, a byte of UTF-8 at a time, without a copy of it.
struct JSONStringReader {
  private var index: Int
  private let end: Int
  /// UTF-8 of the last escape that is still to be read, the next byte lowest.
  private var pending: UInt32 = 0
  private var pendingCount = 0

  init(of slice: JSONSlice) {
    precondition(slice.kind == .string)
    index = slice.start + 1
    end = slice.end - 1
  }

  mutating func next(in text: Span<UInt8>) -> UInt8? {
    if pendingCount > 0 {
      let byte = UInt8(truncatingIfNeeded: pending)
      pending >>= 8
      pendingCount -= 1
      return byte
    }
    guard index < end else { return nil }
    let byte = text[index]
    if byte != 0x5c {
      index += 1
      return byte
    }
    let escape = JSONEscape(scanned: index, in: text)
    index += escape.count
    (pending, pendingCount) = UTF8Validation.encode(escape.scalar)
    return next(in: text)
  }
}
