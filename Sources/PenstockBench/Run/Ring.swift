/// A queue with a bound, in memory that is taken once.
struct Ring<Element> {
  private var slots: [Element?]
  private var first = 0
  private(set) var count = 0

  init(capacity: Int) { slots = [Element?](repeating: nil, count: max(1, capacity)) }

  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == slots.count }

  mutating func append(_ element: Element) {
    precondition(!isFull, "whoever appends asks for room first")
    slots[place(count)] = element
    count &+= 1
  }

  mutating func popFirst() -> Element? {
    if isEmpty { return nil }
    let element = slots[first]
    slots[first] = nil
    first = place(1)
    count &-= 1
    return element
  }

  /// Takes out the one that fulfils the condition, if there is one. For what is rare: it looks at
  /// all of them, and leaves them in their order.
  mutating func removeOne(where condition: (Element) -> Bool) {
    var isFound = false
    for _ in 0..<count {
      guard let element = popFirst() else { return }
      if !isFound, condition(element) {
        isFound = true
      } else {
        append(element)
      }
    }
  }

  func count(where condition: (Element) -> Bool) -> Int {
    slots.count { $0.map(condition) ?? false }
  }

  private func place(_ offset: Int) -> Int {
    let place = first &+ offset
    return place < slots.count ? place : place &- slots.count
  }
}
