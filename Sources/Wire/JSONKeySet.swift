/// The keys of one object so far, to find a second one that means the same.
///
/// RFC 8259 leaves duplicates to each reader, so that two readers may act on different values:
/// what checks and what is sent must not differ. Bounded, and looked through by seeded hash, so
/// that neither many keys nor chosen ones cost more than a fixed time.
public struct JSONKeySet: Sendable {
  public enum Insertion: Sendable {
    case added, duplicate
    /// The object has more than `membersMax` members.
    case full
  }

  public static let membersMax = 256

  private var keys: [JSONSlice] = []
  private var hashes: [UInt64] = []
  private let seed = UInt64.random(in: 0...UInt64.max)

  public init() {
    keys.reserveCapacity(16)
    hashes.reserveCapacity(16)
  }

  /// Forgets the keys and keeps the memory.
  public mutating func removeAll() {
    keys.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
  }

  public mutating func insert(_ key: JSONSlice, in text: Span<UInt8>) -> Insertion {
    let hash = self.hash(key, in: text)
    for index in 0..<hashes.count where hashes[index] == hash {
      if keys[index].equals(key, in: text) { return .duplicate }
    }
    if keys.count == Self.membersMax { return .full }
    keys.append(key)
    hashes.append(hash)
    return .added
  }

  private func hash(_ key: JSONSlice, in text: Span<UInt8>) -> UInt64 {
    var hash = seed
    if key.isEscaped {
      var reader = JSONStringReader(of: key)
      while let byte = reader.next(in: text) { Self.mix(byte, into: &hash) }
    } else {
      let content = key.content(in: text)
      for index in 0..<content.count { Self.mix(content[index], into: &hash) }
    }
    return hash
  }

  @inline(__always) private static func mix(_ byte: UInt8, into hash: inout UInt64) {
    hash = (hash ^ UInt64(byte)) &* 0x9e37_79b9_7f4a_7c15
    hash ^= hash >> 29
  }
}
