import Testing
import Wire

@testable import Penstock

@Suite struct RequestIDsTests {
  private func make(_ ids: inout RequestIDs) -> String {
    var id = ByteBuffer()
    ids.appendNew(to: &id)
    return text(id.span)
  }

  private func isUsable(_ id: [UInt8]) -> Bool { RequestIDs.isUsable(id.span) }

  @Test func `a new id is 32 hexadecimal digits`() {
    var ids = RequestIDs()
    for _ in 0..<1000 {
      let id = Array(make(&ids).utf8)
      #expect(id.count == 32)
      #expect(id.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 })
      #expect(isUsable(id))
    }
  }

  @Test func `a hundred thousand ids of two workers are all different`() {
    var first = RequestIDs()
    var second = RequestIDs()
    var seen: Set<String> = []
    for _ in 0..<50_000 {
      seen.insert(make(&first))
      seen.insert(make(&second))
    }
    #expect(seen.count == 100_000)
  }

  @Test func `an id is appended to what is there`() {
    var ids = RequestIDs()
    var id = ByteBuffer()
    id.append("x-" as StaticString)
    ids.appendNew(to: &id)
    #expect(id.count == 34)
  }

  @Test func `of all bytes only the plain ones make an id`() {
    for byte in UInt8.min...UInt8.max {
      let isPlain =
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
      #expect(isUsable([byte]) == isPlain, "\(byte)")
      #expect(isUsable([0x61, byte, 0x61]) == isPlain, "\(byte)")
    }
  }

  @Test(arguments: [(0, false), (1, true), (64, true), (65, false), (10_240, false)])
  func `an id has 1 to 64 bytes`(count: Int, isUsable: Bool) {
    #expect(self.isUsable([UInt8](repeating: 0x61, count: count)) == isUsable)
  }

  @Test func `a trace that begins has a random id, and is not sampled`() {
    var ids = RequestIDs()
    var halves: Set<UInt64> = []
    for _ in 0..<10_000 {
      let trace = ids.beginTrace()
      #expect(trace.flags == TraceParent.random)
      #expect(trace.span != 0)
      halves.formUnion([trace.traceHigh, trace.traceLow, trace.span, ids.newSpan()])
    }
    #expect(halves.count == 40_000)
  }
}
