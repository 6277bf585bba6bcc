import Wire

/// Which paths a rule allows, made ready to be asked once a request.
///
/// `*` stands for any run of bytes within one segment, but as the last segment for all that
/// follows, so that `/repos/*` allows `/repos/a/b`; `**` as a segment stands for any number of
/// segments.
///
/// What servers read in different ways must not slip through: an encoded slash is matched by the
/// same in the glob, by `**`, or by what stands for all that follows; an encoded `\`, `;`, `?`, `#`
/// or `%`, a `;`, an empty segment and a dot or space at a segment's end by the same or by what
/// stands for all that follows. Then whatever a server makes of them is still allowed.
public struct PathGlob: Sendable, Equatable {
  public enum Fault: Error, Equatable {
    case noSlash, character, escape, dotSegment, emptySegment, stars
  }

  private enum Segment: Sendable, Equatable {
    /// The bytes of one segment; 0, which is in no path, stands for a run of any.
    case pattern([UInt8])
    case anyNumber
    /// At the end: all that follows, though it be empty.
    case rest
  }

  /// As configured.
  public let text: String
  private let segments: [Segment]

  private static let run: UInt8 = 0

  /// Reads a path in which `%` and two digits, `*` and `**` have their meaning.
  public init(parsing text: String) throws(Fault) {
    let bytes = Array(text.utf8)
    guard bytes.first == 0x2f else { throw .noSlash }
    self.text = text
    let parts = bytes.dropFirst().split(separator: 0x2f, omittingEmptySubsequences: false)
    var segments: [Segment] = []
    for (index, part) in parts.enumerated() {
      segments.append(try Self.segment(Array(part), isLast: index == parts.count - 1))
    }
    self.segments = segments
  }

  private static func segment(_ part: [UInt8], isLast: Bool) throws(Fault) -> Segment {
    if part == [0x2a, 0x2a] { return isLast ? .rest : .anyNumber }
    if part == [0x2a], isLast { return .rest }
    if part.isEmpty, !isLast { throw .emptySegment }
    for byte in part where byte < 0x20 || [0x7f, 0x3f, 0x23, 0x5c].contains(byte) {
      throw .character
    }
    for index in part.indices.dropFirst() where part[index] == 0x2a && part[index - 1] == 0x2a {
      throw .stars
    }
    // An encoded star is none.
    let marked = part.map { $0 == 0x2a ? run : $0 }
    var pattern = ByteBuffer()
    guard normalize(marked.span, into: &pattern) else { throw .escape }
    let result = Array(pattern)
    if result == [0x2e] || result == [0x2e, 0x2e] { throw .dotSegment }
    return .pattern(result)
  }

  // MARK: The form in which paths are compared

  /// Appends a path with all of its encodings undone but for those that some servers take for more
  /// than a byte of a segment; they are left, in capitals. False where `%` is no encoding, and
  /// where it is one of a control character.
  static func normalize(_ path: Span<UInt8>, into out: inout ByteBuffer) -> Bool {
    var index = 0
    while index < path.count {
      if path[index] != 0x25 {
        out.append(path[index])
        index &+= 1
        continue
      }
      guard let byte = PercentCoding.byte(at: index, in: path), byte >= 0x20, byte != 0x7f else {
        return false
      }
      switch byte {
      case 0x2f: out.append("%2F")
      case 0x5c: out.append("%5C")
      case 0x3b: out.append("%3B")
      case 0x3f: out.append("%3F")
      case 0x23: out.append("%23")
      case 0x25: out.append("%25")
      default: out.append(byte)
      }
      index &+= 3
    }
    return true
  }

  // MARK: Matching

  /// `path`: normalized, with its slash in front. In time of the product of the two lengths: it
  /// goes back to the last `**` alone, and within a segment to the last `*`.
  func matches(_ path: Span<UInt8>) -> Bool {
    // `position` is where a segment begins; one past the end of the path behind its last one.
    var (place, position) = (0, 1)
    var (retryPlace, retryPosition) = (-1, 0)
    while true {
      if place == segments.count {
        if position > path.count { return true }
      } else {
        switch segments[place] {
        case .rest:
          if position <= path.count { return true }
        case .anyNumber:
          place &+= 1
          (retryPlace, retryPosition) = (place, position)
          continue
        case .pattern(let pattern):
          if position <= path.count {
            let segment = Self.segment(of: path, at: position)
            if Self.matches(segment, pattern) {
              position &+= segment.count &+ 1
              place &+= 1
              continue
            }
          }
        }
      }
      guard retryPlace >= 0, retryPosition <= path.count else { return false }
      let skipped = Self.segment(of: path, at: retryPosition)
      guard Self.canBeSkipped(skipped) else { return false }
      retryPosition &+= skipped.count &+ 1
      (place, position) = (retryPlace, retryPosition)
    }
  }

  @_lifetime(copy path)
  private static func segment(of path: Span<UInt8>, at position: Int) -> Span<UInt8> {
    path.extracting(position..<(path.index(of: 0x2f, from: position) ?? path.count))
  }

  private static func matches(_ segment: Span<UInt8>, _ pattern: [UInt8]) -> Bool {
    if segment.isEmpty { return pattern.isEmpty }
    let end = endWithoutDots(segment)
    var (place, index) = (0, 0)
    var (star, retry) = (-1, 0)
    while index < segment.count {
      if place < pattern.count, pattern[place] == run {
        (star, retry) = (place, index)
        place &+= 1
      } else if place < pattern.count, pattern[place] == segment[index] {
        place &+= 1
        index &+= 1
      } else if star >= 0, retry < end, !isAmbiguous(segment[retry]) {
        retry &+= 1
        (place, index) = (star + 1, retry)
      } else {
        return false
      }
    }
    while place < pattern.count, pattern[place] == run { place &+= 1 }
    return place == pattern.count
  }

  /// True where a segment stays one or more segments whatever a server makes of it.
  private static func canBeSkipped(_ segment: Span<UInt8>) -> Bool {
    if segment.isEmpty || endWithoutDots(segment) < segment.count { return false }
    var index = 0
    while index < segment.count {
      if segment.extracting(index..<segment.count).starts(with: "%2F") {
        index &+= 3
        continue
      }
      if isAmbiguous(segment[index]) { return false }
      index &+= 1
    }
    return true
  }

  /// The start of an encoding that was left, or of parameters of the segment.
  private static func isAmbiguous(_ byte: UInt8) -> Bool { byte == 0x25 || byte == 0x3b }

  /// Where the dots and spaces begin that a segment ends with, which Windows drops.
  private static func endWithoutDots(_ segment: Span<UInt8>) -> Int {
    var end = segment.count
    while end > 0, segment[end - 1] == 0x2e || segment[end - 1] == 0x20 { end &-= 1 }
    return end
  }
}
