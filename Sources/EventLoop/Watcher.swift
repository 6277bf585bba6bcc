/// Something that an event loop calls: when its descriptor is ready, and in the settle.
///
/// Subclasses are owned by whoever made them; the loop holds a reference while the descriptor is
/// watched or the watcher is marked. Used by the loop's thread only.
open class Watcher {
  /// True exactly when the watcher is in the list of the next settle.
  var isMarked = false
  /// True exactly when the watcher waits for its turn at a TLS handshake.
  var isQueuedForHandshake = false

  public init() {}

  /// Something may be ready. Moves state, appends to buffers, marks; closes and frees nothing.
  open func onReady(_ readiness: Readiness) {}

  /// The place for side effects: writes, interest changes, closing.
  open func onSettle() {}

  /// This watcher's turn to spend CPU on a TLS handshake; see `EventLoop.queueHandshake`.
  open func onHandshakeTurn() {}

  /// A timeout of this watcher ran out. Marks only.
  open func onTimeout(_ timeout: Timeout) {}
}
