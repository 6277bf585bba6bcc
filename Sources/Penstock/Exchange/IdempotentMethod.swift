import Wire

/// The methods that may be sent twice (RFC 9110 §9.2.2), of those that Penstock tries again.
enum IdempotentMethod {
  static func contains(_ method: Span<UInt8>) -> Bool {
    method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS")
      || method.equals("PUT") || method.equals("DELETE")
  }
}
