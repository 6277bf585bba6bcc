/// JSON texts made up, with all that the grammar has.
struct JSONSample {
  private var text: [UInt8] = []
  private var left: Int

  /// Of about `count` values.
  static func text(_ count: Int, _ random: inout JSONTestRandom) -> [UInt8] {
    var sample = JSONSample(left: count)
    sample.addSpace(&random)
    sample.addValue(&random, depth: 0)
    sample.addSpace(&random)
    return sample.text
  }

  private init(left: Int) { self.left = left }

  private mutating func add(_ part: String) { text += part.utf8 }

  private mutating func addSpace(_ random: inout JSONTestRandom) {
    for _ in 0..<max(0, random.below(8) - 5) { add([" ", "\n", "\r\n", "\t"][random.below(4)]) }
  }

  private mutating func addValue(_ random: inout JSONTestRandom, depth: Int) {
    left -= 1
    switch random.below(depth > 40 || left < 0 ? 4 : 8) {
    case 0: add(["true", "false", "null"][random.below(3)])
    case 1: addNumber(&random)
    case 2, 3: addString(&random)
    case 4, 5: addContainer("[", "]", &random, depth)
    default: addContainer("{", "}", &random, depth)
    }
  }

  private mutating func addContainer(
    _ opening: String, _ closing: String, _ random: inout JSONTestRandom, _ depth: Int
  ) {
    add(opening)
    addSpace(&random)
    for index in 0..<random.below(6) {
      if index > 0 { add(",") }
      addSpace(&random)
      if opening == "{" {
        addString(&random)
        addSpace(&random)
        add(":")
        addSpace(&random)
      }
      addValue(&random, depth: depth + 1)
      addSpace(&random)
    }
    add(closing)
  }

  private mutating func addNumber(_ random: inout JSONTestRandom) {
    if random.below(3) == 0 { add("-") }
    add(random.below(4) == 0 ? "0" : "\(1 + random.below(1 << random.below(50)))")
    if random.below(3) == 0 { add(".\(random.below(10))\(random.below(1_000_000))") }
    if random.below(3) == 0 {
      add(["e", "E"][random.below(2)] + ["", "+", "-"][random.below(3)] + "0\(random.below(400))")
    }
  }

  private mutating func addString(_ random: inout JSONTestRandom) {
    add("\"")
    for _ in 0..<random.below(random.below(5) == 0 ? 40 : 6) {
      switch random.below(6) {
      case 0:
        add(["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"][random.below(8)])
      case 1:
        add(["\\u00e9", "\\uD7fF", "\\ue000", "\\ud83d\\uDE00", "\\uDbfF\\udfff"][random.below(5)])
      case 2: add(["é", "€", "😀", "\u{10ffff}", "\u{7f}", "\u{d7ff}"][random.below(6)])
      default: add(["a", "plain text of some length", "0123456", "}]", " ,"][random.below(5)])
      }
    }
    add("\"")
  }
}
