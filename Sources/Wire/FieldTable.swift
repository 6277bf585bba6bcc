import Glibc

/// One header or trailer field, as slices of the message's bytes.
public struct Field: Equatable, Sendable {
  public let name: Slice
  public let value: Slice
  /// Which of the names that Penstock knows it is.
  public let known: FieldName
}

/// The fields of one head, in the order in which they came.
///
/// Grows to what heads really have and keeps that memory for the next head.
public struct FieldTable: ~Copyable {
  private var base: UnsafeMutablePointer<Field>?
  private var capacity = 0
  public private(set) var count = 0
  /// True exactly when one of them tells of a quota, so that nobody has to look for one.
  public private(set) var tellsOfQuota = false

  public init() { base = nil }

  deinit { base?.deallocate() }

  public subscript(index: Int) -> Field {
    precondition(index >= 0 && index < count)
    return base.unsafelyUnwrapped[index]
  }

  mutating func append(_ field: Field) {
    if count == capacity { grow() }
    base.unsafelyUnwrapped[count] = field
    count &+= 1
    if field.known.tellsOfQuota { tellsOfQuota = true }
  }

  mutating func removeAll() {
    count = 0
    tellsOfQuota = false
  }

  private mutating func grow() {
    let wanted = max(24, capacity * 2)
    let grown = UnsafeMutablePointer<Field>.allocate(capacity: wanted)
    if let base {
      grown.moveInitialize(from: base, count: count)
      base.deallocate()
    }
    base = grown
    capacity = wanted
  }
}
