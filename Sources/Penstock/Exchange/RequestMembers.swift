import Telemetry
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

  /// How much is copied beyond what the line may show. Values of a query take less room in the
  /// line than in the request.
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
  /// `scratch`: memory for the time of the call.
  borrowing func write(into line: inout ByteBuffer, _ scratch: inout ByteBuffer) -> Bool {
    var isTruncated = false
    var index = 0
    while index < members.count {
      if write(members[index], into: &line, &scratch) { isTruncated = true }
      index &+= 1
    }
    return isTruncated
  }

  private borrowing func write(
    _ member: Member, into line: inout ByteBuffer, _ scratch: inout ByteBuffer
  ) -> Bool {
    let text = bytes.span[member.text]
    guard member.hasQuery, let question = text.index(of: 0x3f, from: 0) else {
      let isCut = JSONLine.string(member.name, text, bytesMax: member.bytesMax, into: &line)
      return isCut || member.isCut
    }
    scratch.removeAll()
    Self.appendWithoutValues(text, from: question, into: &scratch)
    let isCut = JSONLine.string(member.name, scratch.span, bytesMax: member.bytesMax, into: &line)
    return isCut || member.isCut
  }

  /// Keys stay, values become `***`.
  private static func appendWithoutValues(
    _ target: Span<UInt8>, from question: Int, into out: inout ByteBuffer
  ) {
    out.append(target.extracting(0...question))
    var index = question + 1
    while index <= target.count {
      let end = target.index(of: 0x26, from: index) ?? target.count
      let equals = target.index(of: 0x3d, from: index) ?? target.count
      // Without a name the whole of it may be a value.
      if equals < end { out.append(target.extracting(index...equals)) }
      if end > index { out.append("***") }
      if end < target.count { out.append(0x26) }
      index = end + 1
    }
  }
}
