/// A header field of the requests, as `-H` gives it.
struct RequestField: Equatable, Sendable {
  let name: String
  let value: String

  func isNamed(_ other: String) -> Bool { name.lowercased() == other }
}
