import Wire

/// A fixed map from byte strings to numbers: open addressing, made once, read without allocating.
struct ByteTable: Sendable {
  private struct Entry: Sendable {
    let key: [UInt8]
    let value: Int
  }

  private let entries: [Entry]
  /// Where an entry stands in `entries`, and 1; 0 where there is none.
  private let slots: [Int32]
  private let mask: Int

  /// A later pair with the same key is ignored.
  init(_ pairs: [(key: [UInt8], value: Int)]) {
    var count = 8
    while count < pairs.count * 2 { count *= 2 }
    var entries: [Entry] = []
    entries.reserveCapacity(pairs.count)
    var slots = [Int32](repeating: 0, count: count)
    for pair in pairs {
      var index = Self.hash(pair.key.span) & (count - 1)
      while slots[index] > 0, entries[Int(slots[index]) - 1].key != pair.key {
        index = (index + 1) & (count - 1)
      }
      if slots[index] > 0 { continue }
      entries.append(Entry(key: pair.key, value: pair.value))
      slots[index] = Int32(entries.count)
    }
    self.entries = entries
    self.slots = slots
    mask = count - 1
  }

  func value(of key: Span<UInt8>) -> Int? {
    var index = Self.hash(key) & mask
    while slots[index] > 0 {
      let entry = entries[Int(slots[index]) - 1]
      if entry.key.span.equals(key) { return entry.value }
      index = (index + 1) & mask
    }
    return nil
  }

  /// FNV-1a. The keys are the operator's, so nobody can aim at collisions.
  private static func hash(_ key: Span<UInt8>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var index = 0
    while index < key.count {
      hash = (hash ^ UInt64(key[index])) &* 0x100_0000_01b3
      index &+= 1
    }
    return Int(truncatingIfNeeded: hash >> 16)
  }
}
