/// A request's method as metrics name it: the usual ones, and one name for all the rest.
enum MethodLabel: UInt8, CaseIterable, Sendable {
  case get, head, post, put, delete, patch, options, other

  var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .patch: "PATCH"
    case .options: "OPTIONS"
    case .other: "other"
    }
  }
}
