/// For each bucket of some histograms the last request that fell into it: one thread writes, any
/// thread reads.
///
/// A slot is a number that is odd while the slot is written, and the words of what it holds. Reads
/// and writes of the words are ordered, so that a reader who sees the same even number before and
/// after has seen one exemplar whole.
public struct ExemplarTable: ~Copyable, Sendable {
  /// The longest request id that is kept, in bytes. One that is longer has no exemplar, for a part
  /// of an id finds nothing.
  public static let requestIDBytesMax = 64
  public static let traceIDBytes = 32

  private static let idWords = requestIDBytesMax / 8
  private static let slotWords = 4 + idWords + traceIDBytes / 8

  public let rows: Int
  private let buckets: Int
  private let cells: CounterTable

  /// `buckets`: of each histogram, the one without a bound included.
  public init(rows: Int, buckets: Int) {
    precondition(rows > 0 && buckets > 0)
    self.rows = rows
    self.buckets = buckets
    cells = CounterTable(count: rows * buckets * Self.slotWords)
  }

  /// Keeps a request, from the writing thread alone. `traceID`: empty, or 32 digits.
  public func set(
    row: Int, bucket: Int, nanoseconds: Int64, unixNanoseconds: Int64, requestID: Span<UInt8>,
    traceID: Span<UInt8>
  ) {
    precondition(row >= 0 && row < rows && bucket >= 0 && bucket < buckets)
    let hasTrace = traceID.count == Self.traceIDBytes
    guard requestID.count <= Self.requestIDBytesMax, hasTrace || traceID.isEmpty else { return }
    let slot = first(row, bucket)
    let version = cells.value(slot)
    cells.setInOrder(slot, version | 1)
    cells.setInOrder(slot + 1, UInt64(bitPattern: nanoseconds))
    cells.setInOrder(slot + 2, UInt64(bitPattern: unixNanoseconds))
    cells.setInOrder(slot + 3, UInt64(requestID.count) << 1 | (hasTrace ? 1 : 0))
    write(requestID, from: slot + 4)
    if hasTrace { write(traceID, from: slot + 4 + Self.idWords) }
    cells.setInOrder(slot, (version | 1) &+ 1)
  }

  /// The last request of the bucket; nil where there was none, or where it is being written.
  public func exemplar(row: Int, bucket: Int) -> Exemplar? {
    let slot = first(row, bucket)
    let version = cells.valueInOrder(slot)
    if version == 0 || version & 1 == 1 { return nil }
    let nanoseconds = Int64(bitPattern: cells.valueInOrder(slot + 1))
    let unixNanoseconds = Int64(bitPattern: cells.valueInOrder(slot + 2))
    let lengths = cells.valueInOrder(slot + 3)
    let idBytes = min(Int(lengths >> 1), Self.requestIDBytesMax)
    let requestID = read(idBytes, from: slot + 4)
    let traceID = read(lengths & 1 == 1 ? Self.traceIDBytes : 0, from: slot + 4 + Self.idWords)
    if cells.value(slot) != version { return nil }
    return Exemplar(
      nanoseconds: nanoseconds, unixNanoseconds: unixNanoseconds, requestID: requestID,
      traceID: traceID)
  }

  private func first(_ row: Int, _ bucket: Int) -> Int {
    (row * buckets + bucket) * Self.slotWords
  }

  private func write(_ bytes: Span<UInt8>, from word: Int) {
    var index = 0
    while index < bytes.count {
      var value: UInt64 = 0
      let end = min(index + 8, bytes.count)
      for position in index..<end { value |= UInt64(bytes[position]) << UInt64(8 * (position & 7)) }
      cells.setInOrder(word + index / 8, value)
      index = end
    }
  }

  private func read(_ count: Int, from word: Int) -> [UInt8] {
    var value: UInt64 = 0
    return (0..<count).map { index in
      if index & 7 == 0 { value = cells.valueInOrder(word + index / 8) }
      return UInt8(truncatingIfNeeded: value >> UInt64(8 * (index & 7)))
    }
  }
}
