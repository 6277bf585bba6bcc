/// One cause of errors: how often, and one that stands for all.
struct ErrorTally: Sendable, Equatable {
  let cause: String
  var count: Int
  let example: String
}
