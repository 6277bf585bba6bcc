/// What a helper thread does for a request, which waits for it: opens a file, writes a page.
// Sendable: `exchange` is touched by its own worker's thread alone.
final class AwaitedTask: @unchecked Sendable {
  /// Nil once it waits no longer.
  var exchange: Exchange?

  init(_ exchange: Exchange) { self.exchange = exchange }
}
