/// How many answers had a status.
struct CodeCount: Sendable, Equatable {
  let code: Int
  let count: Int
}
