import Wire

/// The methods that an envelope may name.
enum ExecuteMethod: UInt8, CaseIterable {
  case get, post, put, delete, patch, head

  var name: StaticString {
    switch self {
    case .get: "GET"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .patch: "PATCH"
    case .head: "HEAD"
    }
  }

  var bytes: Span<UInt8> {
    @_lifetime(immortal)
    get {
      let name = self.name
      let bytes = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
      return unsafe _overrideLifetime(Span(_unsafeElements: bytes), copying: ())
    }
  }

  var canHaveBody: Bool { self != .get && self != .head }

  /// RFC 9110 section 9.2.2.
  var isIdempotent: Bool { self != .post && self != .patch }

  /// Exact: a method is case-sensitive (RFC 9110 section 9.1).
  init?(_ value: JSONSlice, in envelope: Span<UInt8>) {
    for rawValue in Self.get.rawValue...Self.head.rawValue {
      guard let method = Self(rawValue: rawValue) else { continue }
      if value.equals(method.name, in: envelope) {
        self = method
        return
      }
    }
    return nil
  }
}
