/// A request that waits until its file is open.
// Sendable: `exchange` is touched by its own worker's thread alone.
final class FileOpening: @unchecked Sendable {
  var exchange: Exchange?

  init(_ exchange: Exchange) { self.exchange = exchange }
}
