/// A request that is to be sent.
struct Arrival {
  /// Loop time at which it is planned; in a closed loop nothing is planned, and this is 0.
  var plannedNanoseconds: Int64
  /// Which of the plan's requests.
  var request: Int
  /// False in the warm-up.
  var isCounted: Bool

  static let none = Arrival(plannedNanoseconds: 0, request: 0, isCounted: false)
}
