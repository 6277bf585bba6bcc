/// Bytes that must not be seen: they print as their length, encode to nothing and compare in
/// constant time.
///
/// Whoever needs them asks `withBytes`, which is called in two files: the injector's, and that of
/// the forms that the log knows secrets by. A secret is finished wire bytes wherever it can be, so
/// that injecting is one copy; one may be a part of another, with which it shares its memory.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private let bytes: [UInt8]
  private let start: UInt32
  private let end: UInt32

  /// Fewer than 4 GiB.
  public init(_ bytes: [UInt8]) {
    self.init(bytes, 0..<bytes.count)
  }

  public init(_ text: String) {
    self.init(Array(text.utf8))
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    self.bytes = bytes
    start = UInt32(range.lowerBound)
    end = UInt32(range.upperBound)
  }

  /// A part of it, by its bytes' places.
  func part(_ range: Range<Int>) -> Secret {
    precondition(range.upperBound <= count)
    return Secret(bytes, Int(start) + range.lowerBound..<Int(start) + range.upperBound)
  }

  public var count: Int { Int(end - start) }
  public var isEmpty: Bool { count == 0 }

  /// Lends the bytes for one call; they must not be kept.
  public func withBytes<R>(_ body: (Span<UInt8>) -> R) -> R {
    body(bytes.span.extracting(Int(start)..<Int(end)))
  }

  /// Takes as long for the first differing byte as for the last; only the lengths may be learned.
  public static func == (left: Secret, right: Secret) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in 0..<left.count {
      difference |= left.bytes[Int(left.start) + index] ^ right.bytes[Int(right.start) + index]
    }
    return difference == 0
  }

  public var description: String { "«secret, \(count) bytes»" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
