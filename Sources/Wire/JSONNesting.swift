/// The kinds of the containers that are open at a place in a JSON text, a bit each.
///
/// Memory is taken from the 65th level on, which no ordinary text reaches.
struct JSONNesting: Sendable {
  private(set) var depth = 0
  /// Kinds of the innermost `depth % 64` open containers, the innermost in bit 0, 1 an object.
  private var inner: UInt64 = 0
  /// The same for those further out, 64 at a time.
  private var outer: [UInt64] = []

  /// Whether the innermost open container is an object; false where none is open.
  @inline(__always) var isInObject: Bool { inner & 1 == 1 }

  @inline(__always) mutating func open(isObject: Bool) {
    if depth > 0, depth & 63 == 0 { outer.append(inner) }
    inner = inner << 1 | (isObject ? 1 : 0)
    depth += 1
  }

  /// Leaves the innermost container; one must be open.
  @inline(__always) mutating func close() {
    inner >>= 1
    depth -= 1
    if depth > 0, depth & 63 == 0 { inner = outer.removeLast() }
  }
}
