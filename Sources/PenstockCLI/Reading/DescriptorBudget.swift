/// How many client connections fit into the descriptors that the process may open.
struct DescriptorBudget {
  /// For listeners, event loops, logs, and what libraries open.
  static let reserved = 64

  let descriptors: Int

  /// Each client connection may need one more descriptor for its upstream. A very small number of
  /// descriptors still leaves a few connections: accepting then pauses, which is not an error.
  var connections: Int {
    max(8, (descriptors - Self.reserved) / 2)
  }
}
