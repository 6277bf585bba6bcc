/// What a client's FIN means while its answer is still pending.
public enum HalfClose: String, Sendable, CaseIterable {
  /// The client is gone: the exchange ends and its upstream work stops.
  case cancel
  /// The client has only finished sending: the answer is still owed.
  case serve
}
