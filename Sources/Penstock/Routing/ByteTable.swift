import Wire

/// A fixed map from byte strings to numbers: open addressing, made once, read without allocating.
struct ByteTable: Sendable {
  private struct Entry: Sendable {
    let key: [UInt8]
    let value: Int
  }

  private let slots: [Entry?]
  private let mask: Int

  /// A later pair with the same key is ignored.
  init(_ pairs: [(key: [UInt8], value: Int)]) {
    var count = 8
    while count < pairs.count * 2 { count *= 2 }
    var slots = [Entry?](repeating: nil, count: count)
    for pair in pairs {
      var index = Self.hash(pair.key.span) & (count - 1)
      while let entry = slots[index], entry.key != pair.key { index = (index + 1) & (count - 1) }
      if slots[index] == nil { slots[index] = Entry(key: pair.key, value: pair.value) }
    }
    self.slots = slots
    mask = count - 1
  }

  func value(of key: Span<UInt8>) -> Int? {
    var index = Self.hash(key) & mask
    while let entry = slots[index] {
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
