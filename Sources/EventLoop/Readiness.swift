import CSystem

/// What epoll says of a descriptor, or what a watcher wants to be told of.
///
/// Only ever a hint: a watcher reads or writes and believes what the system call says.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Bytes to read, or an end of stream.
  public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
  /// Room to write, or a connect that ended.
  public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The peer will send no more; told even while nothing is read.
  public static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
  /// An error or a full hang-up; epoll tells these unasked.
  public static let failed = Readiness(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
  /// Any of the two, for which `contains` would ask for both.
  @inlinable public var hasFailed: Bool { !isDisjoint(with: .failed) }
  /// One of several loops that watch the same listener is woken, not all (epoll_ctl(2)).
  public static let exclusive = Readiness(rawValue: EPOLLEXCLUSIVE.rawValue)
}
