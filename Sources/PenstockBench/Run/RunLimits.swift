import Wire

/// Every bound of a run that no flag sets.
enum RunLimits {
  /// What flags may ask for.
  static let connections = 100_000
  static let threads = 256
  static let requests = 1_000_000_000_000
  static let head = HeadLimits(
    targetBytes: 0, fieldBytes: 256 << 10, fields: 1000, fieldNameBytes: 4 << 10,
    fieldValueBytes: 128 << 10)
  static let chunks = ChunkLimits(extensionBytes: 16 << 10, trailers: head)
  /// Interim answers before the final one.
  static let interimAnswers = 100
  static let requestBytes = 1 << 30
  /// Bytes of an answer that are kept as an example of an error.
  static let exampleBytes = 120
  /// Reads of one connection before others have their turn.
  static let readsPerTurn = 8
  /// Causes of errors that are told apart.
  static let causes = 64
  /// All connections are opened before the clock starts, if that takes no longer.
  static let openingNanoseconds: Int64 = 5_000_000_000
  /// How often a thread looks whether it is to stop, and adds up what it counted.
  static let tickNanoseconds: Int64 = 100_000_000
  /// Pauses after connections that could not be opened: doubled from the first to the last.
  static let firstPauseNanoseconds: Int64 = 10_000_000
  static let lastPauseNanoseconds: Int64 = 1_000_000_000
  /// A slow reader reads a share of its rate so often.
  static let sipNanoseconds: Int64 = 50_000_000
  static let slowReceiveBufferBytes = 16 << 10

  /// Arrivals that may wait for a connection, on all threads together: ten seconds' worth.
  static func waitingArrivals(peakRate: Double) -> Int {
    Int(min(max(peakRate * 10, 1_000), 200_000))
  }
}
