import Wire

extension MethodLabel {
  /// The label of a method's name.
  init(_ name: Span<UInt8>) {
    if name.equals("GET") {
      self = .get
    } else if name.equals("POST") {
      self = .post
    } else if name.equals("HEAD") {
      self = .head
    } else if name.equals("PUT") {
      self = .put
    } else if name.equals("DELETE") {
      self = .delete
    } else if name.equals("PATCH") {
      self = .patch
    } else if name.equals("OPTIONS") {
      self = .options
    } else {
      self = .other
    }
  }
}
