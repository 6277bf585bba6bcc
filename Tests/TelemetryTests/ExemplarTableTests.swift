import Foundation
import Synchronization
import Testing
import Wire

@testable import Telemetry

@Suite struct ExemplarTableTests {
  private func set(
    _ table: borrowing ExemplarTable, bucket: Int = 0, _ requestID: String, trace: String = "",
    nanoseconds: Int64 = 1, unix: Int64 = 2
  ) {
    table.set(
      row: 0, bucket: bucket, nanoseconds: nanoseconds, unixNanoseconds: unix,
      requestID: Array(requestID.utf8).span, traceID: Array(trace.utf8).span)
  }

  @Test(arguments: [1, 7, 8, 9, 32, 63, 64])
  func `an id comes back whole, whatever its length`(count: Int) {
    let table = ExemplarTable(rows: 1, buckets: 2)
    let id = String(repeating: "a", count: count - 1) + "z"
    let trace = String(repeating: "0", count: 31) + "f"
    set(table, bucket: 1, id, trace: trace, nanoseconds: 5, unix: 6)
    #expect(
      table.exemplar(row: 0, bucket: 1)
        == Exemplar(
          nanoseconds: 5, unixNanoseconds: 6, requestID: Array(id.utf8),
          traceID: Array(trace.utf8)))
    #expect(table.exemplar(row: 0, bucket: 0) == nil)
  }

  @Test func `the last one stays, and nothing of the one before`() {
    let table = ExemplarTable(rows: 1, buckets: 1)
    set(table, "a-long-request-id", trace: String(repeating: "1", count: 32))
    set(table, "short")
    let last = table.exemplar(row: 0, bucket: 0)
    #expect(last?.requestID == Array("short".utf8))
    #expect(last?.traceID == [])
  }

  @Test func `an id that would have to be cut is not kept`() {
    let table = ExemplarTable(rows: 1, buckets: 1)
    set(table, String(repeating: "a", count: 65))
    set(table, "id", trace: "0123")
    #expect(table.exemplar(row: 0, bucket: 0) == nil)
  }

  /// Each text is one letter again and again: a mixture would be seen.
  @Test func `who reads while another thread writes sees one exemplar whole`() async {
    let box = TableBox()
    let writer = Thread {
      let texts = (0..<8).map { letter in
        [UInt8](repeating: UInt8(0x61 + letter), count: 16 + letter * 6)
      }
      var count: Int64 = 0
      while !box.isDone.load(ordering: .relaxed) {
        let text = texts[Int(count % 8)]
        box.table.set(
          row: 0, bucket: 0, nanoseconds: count, unixNanoseconds: count, requestID: text.span,
          traceID: Span())
        count += 1
      }
    }
    writer.start()
    var seen = 0
    while seen < 20_000 {
      guard let found = box.table.exemplar(row: 0, bucket: 0) else { continue }
      seen += 1
      let letter = Int(found.nanoseconds % 8)
      #expect(found.unixNanoseconds == found.nanoseconds)
      #expect(found.requestID.count == 16 + letter * 6)
      if !found.requestID.allSatisfy({ $0 == UInt8(0x61 + letter) }) {
        Issue.record("a mixture: \(found)")
        break
      }
    }
    box.isDone.store(true, ordering: .relaxed)
  }
}

private final class TableBox: Sendable {
  let table = ExemplarTable(rows: 1, buckets: 1)
  let isDone = Atomic(false)
}
