/// How far a body may go when its coding is taken off.
public struct DecodeLimits: Sendable {
  /// Bytes out for a byte in; honest text stays below 30, and deflate ends at 1032.
  public var ratio: Int
  /// The ratio is judged from this many bytes on.
  public var ratioAfterBytes: Int
  /// Of one gzip member's head.
  public var headerBytes: Int
  /// Members of one gzip body.
  public var membersMax: Int
  /// Out, in all.
  public var bytesMax: Int

  public init(
    ratio: Int = 100, ratioAfterBytes: Int = 65536, headerBytes: Int = 65536,
    membersMax: Int = 1024, bytesMax: Int = .max
  ) {
    self.ratio = ratio
    self.ratioAfterBytes = ratioAfterBytes
    self.headerBytes = headerBytes
    self.membersMax = membersMax
    self.bytesMax = bytesMax
  }
}
