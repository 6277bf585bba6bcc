/// How far a head parser came.
public enum HeadProgress: Equatable, Sendable {
  /// All bytes are right so far; more are needed.
  case incomplete
  case complete
  case failed(HeadFault)
}

/// What is wrong with a head; each a deed of the peer.
public enum HeadFault: Equatable, Sendable {
  /// Not by the grammar of RFC 9112, or of a kind that two parsers could read in two ways.
  case malformed
  case targetTooLong
  case fieldsTooLarge
  case methodTooLong
  case versionNotSupported
}

/// The bounds of a head, in bytes and fields.
public struct HeadLimits: Sendable {
  public let targetBytes: Int
  /// All field lines together.
  public let fieldBytes: Int
  public let fields: Int
  public let fieldNameBytes: Int
  public let fieldValueBytes: Int
  public let methodBytes: Int

  public init(
    targetBytes: Int, fieldBytes: Int, fields: Int, fieldNameBytes: Int,
    fieldValueBytes: Int = .max,
    methodBytes: Int = 32
  ) {
    self.targetBytes = targetBytes
    self.fieldBytes = fieldBytes
    self.fields = fields
    self.fieldNameBytes = fieldNameBytes
    self.fieldValueBytes = fieldValueBytes
    self.methodBytes = methodBytes
  }
}
