import Glibc

/// Random numbers that a failed test can be run again with: `PENSTOCK_TEST_SEED=… swift test`.
struct JSONTestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(for test: String) {
    let given = getenv("PENSTOCK_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
    state = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(test): PENSTOCK_TEST_SEED=\(state)")
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  /// `text` with a few bytes changed, dropped, doubled or put in, most of them from `alphabet`.
  mutating func mutated(_ text: [UInt8], alphabet: [UInt8]) -> [UInt8] {
    var text = text
    for _ in 0...below(3) {
      let byte = below(4) == 0 ? UInt8(below(256)) : alphabet[below(alphabet.count)]
      let index = below(text.count + 1)
      switch below(4) {
      case 0: text.insert(byte, at: index)
      case 1 where index < text.count: text[index] = byte
      case 2 where index < text.count: text.remove(at: index)
      case 3 where index < text.count:
        text.insert(contentsOf: text[index..<min(text.count, index + 1 + below(9))], at: index)
      default: text.append(byte)
      }
    }
    return text
  }
}
