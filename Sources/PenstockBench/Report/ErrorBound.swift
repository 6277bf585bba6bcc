/// How many errors are allowed: a number of them, or a share of all requests.
enum ErrorBound: Equatable, Sendable {
  case count(Int)
  case share(Double)

  init(parsing text: String) throws(RunFault) {
    if text.hasSuffix("%"), let share = FlagValue.decimal(text.dropLast()), share <= 100 {
      self = .share(share / 100)
    } else if let count = Int(text), count >= 0 {
      self = .count(count)
    } else {
      throw RunFault("`\(text)` is not a number of errors such as 0, or a share such as 1%")
    }
  }

  func allows(_ errors: Int, of total: Int) -> Bool {
    switch self {
    case .count(let count): errors <= count
    case .share(let share): Double(errors) <= share * Double(max(1, total))
    }
  }

  var text: String {
    switch self {
    case .count(let count): String(count)
    case .share(let share): Figure.significant(share * 100) + "%"
    }
  }
}
