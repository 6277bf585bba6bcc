/// One request as an example of those in its bucket (OpenMetrics 1.0, Exemplars).
public struct Exemplar: Sendable, Equatable {
  public let nanoseconds: Int64
  /// When it was observed, since 1970.
  public let unixNanoseconds: Int64
  public let requestID: [UInt8]
  /// Empty where the request is part of no trace.
  public let traceID: [UInt8]

  public init(
    nanoseconds: Int64, unixNanoseconds: Int64, requestID: [UInt8], traceID: [UInt8] = []
  ) {
    self.nanoseconds = nanoseconds
    self.unixNanoseconds = unixNanoseconds
    self.requestID = requestID
    self.traceID = traceID
  }
}
