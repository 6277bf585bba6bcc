/// How an upstream failed, told by its deed. A fact only: what to answer is the product's to say.
public struct UpstreamFailure: Error, Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    // dialling
    case nameNotFound, nameTimeout
    case addressRefused
    case connectFailed, connectTimeout
    case resourcesExhausted
    case tooManyConnections
    // TLS
    case tlsFailed, tlsUntrusted, tlsTimeout
    // the exchange
    case writeTimeout, firstByteTimeout, bodyTimeout
    case closed, reset
    case truncatedHead, truncatedBody
    case protocolError
    case headTooLarge
    case tooManyInterimResponses
    case unexpectedUpgrade
  }

  public enum Phase: Int, CaseIterable, Sendable {
    case queue, dns, connect, tls, send, firstByte, body
  }

  public let kind: Kind
  public let phase: Phase
  /// True where a byte of the request left this machine.
  public let hasSentBytes: Bool
  /// True where no byte of an answer came.
  public let isUnanswered: Bool

  public init(
    _ kind: Kind, _ phase: Phase, hasSentBytes: Bool = false, isUnanswered: Bool = true
  ) {
    self.kind = kind
    self.phase = phase
    self.hasSentBytes = hasSentBytes
    self.isUnanswered = isUnanswered
  }
}
