/// One kind of request, written once and sent again and again.
struct PreparedRequest: Sendable {
  /// Head and body.
  let bytes: [UInt8]
  let isHead: Bool
  /// Which of the plan's origins it goes to.
  let origin: Int
  /// Which of the plan's targets it counts for.
  let target: Int
}
