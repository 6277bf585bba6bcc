/// In which order the kinds of request take turns: each as often as its weight says, and as evenly
/// as can be (smooth weighted round robin, as nginx has it).
struct Mix: Sendable {
  private let order: [Int]

  init(weights: [Int]) {
    precondition(!weights.isEmpty && weights.allSatisfy { $0 > 0 })
    let divisor = weights.reduce(0, Self.commonDivisor)
    let weights = weights.map { $0 / divisor }
    let total = weights.reduce(0, +)
    var credits = [Int](repeating: 0, count: weights.count)
    var order: [Int] = []
    order.reserveCapacity(total)
    for _ in 0..<total {
      var richest = 0
      for index in weights.indices {
        credits[index] += weights[index]
        if credits[index] > credits[richest] { richest = index }
      }
      credits[richest] -= total
      order.append(richest)
    }
    self.order = order
  }

  /// The kind of the request of this number.
  subscript(number: Int) -> Int { order.count == 1 ? 0 : order[number % order.count] }

  private static func commonDivisor(_ first: Int, _ second: Int) -> Int {
    second == 0 ? first : commonDivisor(second, first % second)
  }
}
