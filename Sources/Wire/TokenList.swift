/// Walks a comma-separated list, skipping white space and empty elements (RFC 9110 §5.6.1.2).
public struct TokenList {
  private var position = 0

  public init() {}

  /// The next element without its surrounding white space.
  public mutating func next(_ value: Span<UInt8>) -> Slice? {
    while position < value.count {
      let start = position
      let comma = value.index(of: 0x2c, from: start) ?? value.count
      position = comma + 1
      var first = start
      var last = comma
      while first < last, value[first] == 0x20 || value[first] == 0x09 { first &+= 1 }
      while last > first, value[last - 1] == 0x20 || value[last - 1] == 0x09 { last &-= 1 }
      if first < last { return Slice(start: first, count: last - first) }
    }
    return nil
  }
}
