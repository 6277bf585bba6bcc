import Glibc

/// A range of bytes in a message, counted from its first byte.
public struct Slice: Equatable, Sendable {
  public var start: Int32
  public var count: Int32

  @inlinable public init(start: Int, count: Int) {
    self.start = Int32(truncatingIfNeeded: start)
    self.count = Int32(truncatingIfNeeded: count)
  }

  public static let empty = Slice(start: 0, count: 0)

  @inlinable public var isEmpty: Bool { count == 0 }
  @inlinable public var range: Range<Int> { Int(start)..<Int(start) &+ Int(count) }
}

extension Span where Element == UInt8 {
  /// The bytes of a slice.
  @inlinable public subscript(slice: Slice) -> Span<UInt8> {
    @_lifetime(copy self)
    get { extracting(slice.range) }
  }

  /// Where `byte` first stands at or behind `start`; nil where it does not.
  @inlinable public func index(of byte: UInt8, from start: Int) -> Int? {
    withUnsafeBufferPointer { bytes in
      guard start < bytes.count, let base = bytes.baseAddress,
        let found = memchr(base + start, Int32(byte), bytes.count - start)
      else { return nil }
      return UnsafeRawPointer(base).distance(to: found)
    }
  }

  /// Equal to a literal, byte for byte.
  @inlinable public func equals(_ literal: StaticString) -> Bool {
    withUnsafeBufferPointer {
      $0.count == literal.utf8CodeUnitCount
        && ($0.isEmpty
          || memcmp($0.baseAddress.unsafelyUnwrapped, literal.utf8Start, $0.count) == 0)
    }
  }

  /// Equal to other bytes.
  @inlinable public func equals(_ other: Span<UInt8>) -> Bool {
    if count != other.count { return false }
    var index = 0
    while index < count {
      if self[index] != other[index] { return false }
      index &+= 1
    }
    return true
  }

  /// Equal to a lower-case literal, whatever the case of its own ASCII letters.
  @inlinable public func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
    if count != lowercase.utf8CodeUnitCount { return false }
    let expected = lowercase.utf8Start
    var index = 0
    while index < count {
      if ByteClass.lowercased(self[index]) != expected[index] { return false }
      index &+= 1
    }
    return true
  }

  /// Equal to other bytes, whatever the case of ASCII letters in both.
  @inlinable public func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
    if count != other.count { return false }
    var index = 0
    while index < count {
      if ByteClass.lowercased(self[index]) != ByteClass.lowercased(other[index]) { return false }
      index &+= 1
    }
    return true
  }

  /// Begins with a literal, byte for byte.
  @inlinable public func starts(with literal: StaticString) -> Bool {
    withUnsafeBufferPointer {
      $0.count >= literal.utf8CodeUnitCount && !$0.isEmpty
        && memcmp($0.baseAddress.unsafelyUnwrapped, literal.utf8Start, literal.utf8CodeUnitCount)
          == 0
    }
  }
}
