/// Looks for the highest rate that a server carries: doubles until it does not, then halves what
/// is between the two.
///
/// Pure: rates out, outcomes in.
struct KneeSearch: Equatable {
  /// What to try next; nil once the answer is near enough.
  private(set) var nextRate: Double?
  /// The highest that was carried, and the lowest that was not.
  private(set) var carriedRate: Double?
  private(set) var refusedRate: Double?

  /// Near enough: within 5 %.
  private static let tolerance = 1.05
  private static let leastRate = 1.0
  private static let mostRate = 10_000_000.0

  init(firstRate: Double) { nextRate = firstRate }

  mutating func onTried(isCarried: Bool) {
    guard let rate = nextRate else { return }
    if isCarried { carriedRate = rate } else { refusedRate = rate }
    switch (carriedRate, refusedRate) {
    case (let carried?, nil): nextRate = carried < Self.mostRate / 2 ? carried * 2 : nil
    case (nil, let refused?): nextRate = refused > Self.leastRate * 2 ? refused / 2 : nil
    case (let carried?, let refused?):
      // In the middle by ratio, since rates differ by orders of magnitude.
      nextRate = refused / carried > Self.tolerance ? (refused * carried).squareRoot() : nil
    case (nil, nil): break
    }
  }
}
