/// Bytes that must not be seen: they print as their length, encode to nothing and compare in
/// constant time.
///
/// Whoever needs them asks `withBytes`, which is called in two files: the injector's, and that of
/// the forms that the log knows secrets by. A secret is finished wire bytes wherever it can be, so
/// that injecting is one copy.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private let bytes: [UInt8]

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  public init(_ text: String) {
    bytes = Array(text.utf8)
  }

  public var count: Int { bytes.count }
  public var isEmpty: Bool { bytes.isEmpty }

  /// Lends the bytes for one call; they must not be kept.
  public func withBytes<R>(_ body: (Span<UInt8>) -> R) -> R {
    body(bytes.span)
  }

  /// Takes as long for the first differing byte as for the last; only the lengths may be learned.
  public static func == (left: Secret, right: Secret) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.bytes.indices {
      difference |= left.bytes[index] ^ right.bytes[index]
    }
    return difference == 0
  }

  public var description: String { "«secret, \(count) bytes»" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
