/// What one thread had counted when its load ended: with `-d` when that was over, with `-n` alone
/// when the last request was.
struct LoadTally: Sendable {
  let nanoseconds: Int64
  let time: ThreadTime
  let answers: Int
  let successes: Int
}
