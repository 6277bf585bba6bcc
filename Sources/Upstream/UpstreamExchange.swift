import EventLoop
import Wire

/// The side of an exchange that an upstream connection talks to.
///
/// Called in dispatch: an implementation moves state, appends to buffers and marks, nothing else.
public protocol UpstreamExchange: AnyObject {
  /// It waited, and now a connection is being made for it, which is its own to abandon.
  func onDialing(_ connection: UpstreamConnection)
  /// The connection that was asked for is there; the request may be sent.
  func onConnected(_ connection: UpstreamConnection)
  /// There will be no connection.
  func onConnectFailed(_ failure: UpstreamFailure)
  /// The final response's head. The bytes are lent for the call.
  func onResponseHead(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: Framing)
  /// The upstream has switched protocols, as it was asked to: what follows is a tunnel's. The
  /// bytes are lent for the call.
  func onUpgraded(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>)
  /// Payload, without its framing. The bytes are lent for the call. Returns how many of them were
  /// taken: the rest comes again when `canTakeBody` is true and the connection was told to
  /// `reconsider`.
  func onResponseBody(_ payload: Span<UInt8>) -> Int
  /// Payload of which at most `count` bytes may be moved from the stream itself, without being
  /// looked at. nil where the exchange has to see it, in `onResponseBody`.
  func moveResponseBody(from stream: inout ByteStream, count: Int) -> StreamResult?
  /// A trailer field. The bytes are lent for the call.
  func onResponseTrailer(_ field: Field, _ bytes: Span<UInt8>)
  /// The response is whole.
  func onResponseEnded()
  /// There will be no more of this response. The connection is no longer the exchange's.
  func onUpstreamFailed(_ failure: UpstreamFailure)
  /// What was to be sent has gone down to the low mark.
  func onUpstreamDrained()
  /// False while the other side cannot take more payload.
  var canTakeBody: Bool { get }
}
