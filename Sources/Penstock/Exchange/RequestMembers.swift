import Wire

/// The members of a log line that are in the request's own words, until the line is written.
///
/// They are copied as they came and looked at when there is a line: an exchange that gets none
/// costs the copy. Reused; it keeps its memory.
struct RequestMembers: ~Copyable {
  private struct Member {
    let name: StaticString
    let text: Slice
    /// What it may take in the line, escapes included.
    let bytesMax: Int
    /// Behind a `?` stand values that the log does not show.
    let hasQuery: Bool
    /// Not all of it was copied.
    let isCut: Bool
  }

  /// How much is copied beyond what the line may show: values of a query and secrets take less
  /// room there, and a secret that is cut would not be known as one. Where that much is cut, too,
  /// the redactor hides the end.
  private static let excessBytesMax = 16 * 1024

  private var bytes = ByteBuffer()
  private var members: [Member] = []

  mutating func removeAll() {
    bytes.removeAll()
    members.removeAll(keepingCapacity: true)
  }

  /// Adds a member, which must not be there yet. `bytesMax`: what it may take in the line, escapes
  /// included. `hasQuery`: of a query in it the line shows the names only.
  mutating func add(
    _ name: StaticString, _ text: Span<UInt8>, bytesMax: Int, hasQuery: Bool = false
  ) {
    let count = min(text.count, bytesMax + Self.excessBytesMax)
    members.append(
      Member(
        name: name, text: Slice(start: bytes.count, count: count), bytesMax: bytesMax,
        hasQuery: hasQuery, isCut: count < text.count))
    bytes.append(text.extracting(0..<count))
  }

  /// Appends the members in the order in which they came; returns whether one had to be cut.
  borrowing func write(into line: inout ByteBuffer, _ redactor: inout Redactor) -> Bool {
    var isTruncated = false
    var index = 0
    while index < members.count {
      let member = members[index]
      let isCut = redactor.write(
        member.name, bytes.span[member.text], bytesMax: member.bytesMax,
        hasQuery: member.hasQuery, isCut: member.isCut, into: &line)
      if isCut || member.isCut { isTruncated = true }
      index &+= 1
    }
    return isTruncated
  }
}
