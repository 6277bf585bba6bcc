/// A URL or an account with its share of the requests.
struct Weighted: Equatable, Sendable {
  let weight: Int
  let text: String

  static let weightMax = 1000
}
