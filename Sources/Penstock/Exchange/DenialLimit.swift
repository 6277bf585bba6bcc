/// How many denials get a line of their own: for each client and kind ten at once, then one a
/// second.
///
/// A table of fixed size, so that a flood costs neither memory nor, in the long run, more than
/// `placesCount` lines a second, whatever its addresses. Kinds that meet in one place share its
/// lines; which ones do differs from process to process, so that nobody can aim at another's. One
/// a worker.
struct DenialLimit {
  private struct Place {
    /// When all that was written would have been, one a second: the theoretical arrival time of
    /// the generic cell rate algorithm (ITU-T I.371).
    var dueNanoseconds = Int64.min
    /// Since the last line.
    var leftOut = 0
  }

  static let placesCount = 256
  static let burst: Int64 = 10
  static let pauseNanoseconds: Int64 = 1_000_000_000

  private var places = [Place](repeating: Place(), count: placesCount)

  /// How many were left out since the last line, where this one is to be written; else nil, and it
  /// is counted.
  mutating func admit(
    _ record: borrowing AccessRecord, client: [UInt8], nowNanoseconds: Int64
  ) -> Int? {
    let index = Self.place(of: record, client)
    let due = max(places[index].dueNanoseconds, nowNanoseconds)
    if due - nowNanoseconds > (Self.burst - 1) * Self.pauseNanoseconds {
      places[index].leftOut += 1
      return nil
    }
    let leftOut = places[index].leftOut
    places[index] = Place(dueNanoseconds: due + Self.pauseNanoseconds)
    return leftOut
  }

  private static func place(of record: borrowing AccessRecord, _ client: [UInt8]) -> Int {
    var hasher = Hasher()
    hasher.combine(client)
    hasher.combine(record.error?.rawValue ?? -1)
    hasher.combine(record.project)
    hasher.combine(record.account)
    return Int(hasher.finalize().magnitude % UInt(placesCount))
  }
}
