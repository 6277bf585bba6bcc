import Testing

@testable import Penstock

@Suite struct DenialLimitTests {
  private static let second: Int64 = 1_000_000_000

  private func admit(
    _ limit: inout DenialLimit, _ client: String = "192.0.2.1", _ error: PenstockError? = nil,
    at nanoseconds: Int64
  ) -> Int? {
    var record = AccessRecord()
    record.start(nanoseconds: 0)
    record.error = error
    return limit.admit(record, client: Array(client.utf8), nowNanoseconds: nanoseconds)
  }

  @Test func `a client has ten lines at once, then one a second, which tells who had none`() {
    var limit = DenialLimit()
    for _ in 0..<10 { #expect(admit(&limit, at: 5) == 0) }
    for _ in 0..<7 { #expect(admit(&limit, at: Self.second + 4) == nil) }
    #expect(admit(&limit, at: Self.second + 5) == 7)
    #expect(admit(&limit, at: Self.second + 6) == nil)
    #expect(admit(&limit, at: 3 * Self.second) == 1)
    for _ in 0..<10 { #expect(admit(&limit, at: 60 * Self.second) == 0) }
    #expect(admit(&limit, at: 60 * Self.second) == nil)
  }

  @Test func `clients and kinds have lines of their own`() {
    // Some share a place; that most do not is certain enough to be held.
    var limit = DenialLimit()
    var written = 0
    for client in 1...20 {
      for error in [PenstockError.unauthorized, .ruleDenied] {
        for _ in 0..<20 where admit(&limit, "192.0.2.\(client)", error, at: 0) != nil {
          written += 1
        }
      }
    }
    #expect((200...400).contains(written))
  }

  @Test func `a flood from everywhere has no more lines than places, and all are counted`() {
    var limit = DenialLimit()
    var lines = 0
    var told = 0
    for round: Int64 in 0..<2 {
      for client in 0..<100_000 {
        if let leftOut = admit(&limit, "\(client)", .unauthorized, at: round * Self.second) {
          lines += 1
          told += leftOut
        }
      }
    }
    let first = DenialLimit.placesCount * Int(DenialLimit.burst)
    #expect(lines == first + DenialLimit.placesCount)
    #expect(told == 100_000 - first)
  }
}
