/// Decisions read off the front of libFuzzer's input: the same input decides the same.
public struct Choices {
  public let bytes: [UInt8]
  private var position = 0
  private var state: UInt64 = 1

  public init(_ start: UnsafePointer<UInt8>, _ count: Int) {
    bytes = Array(UnsafeBufferPointer(start: start, count: count))
  }

  /// The next byte of the input, 0 behind its end.
  public mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    position += 1
    return bytes[position - 1]
  }

  /// From here on `below` draws from a sequence that two bytes of the input begin.
  public mutating func seed() { state = UInt64(byte()) << 8 | UInt64(byte()) }

  public mutating func below(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) % UInt64(bound))
  }

  /// A size that is small, middling or large.
  public mutating func size(_ max: Int) -> Int { 1 + below([2, 40, 3000, max][below(4)]) }

  /// What no decision took.
  public mutating func rest() -> [UInt8] {
    defer { position = bytes.count }
    return Array(bytes[position...])
  }
}
