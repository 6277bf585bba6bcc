import Glibc

/// Random numbers that a failed test can be run again with: `PENSTOCK_TEST_SEED=… swift test`.
struct TestRandom {
  private var state: UInt64

  init(for test: String) {
    let given = getenv("PENSTOCK_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
    state = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(test): PENSTOCK_TEST_SEED=\(state)")
  }

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) % UInt64(bound))
  }
}
