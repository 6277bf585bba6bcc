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
  /// Payload, without its framing. The bytes are lent for the call.
  func onResponseBody(_ payload: Span<UInt8>)
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
