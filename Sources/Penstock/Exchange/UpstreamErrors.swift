import Upstream

extension PenstockError {
  /// What an upstream's failure is to a caller.
  init(_ kind: UpstreamFailure.Kind) {
    self =
      switch kind {
      case .nameNotFound: .upstreamDNSFailed
      case .nameTimeout: .upstreamDNSTimeout
      case .addressRefused: .destinationNotAllowed
      case .connectFailed: .upstreamConnectFailed
      case .connectTimeout: .upstreamConnectTimeout
      case .resourcesExhausted: .resourceExhausted
      case .tooManyConnections: .overloaded
      case .tlsFailed: .upstreamTLSFailed
      case .tlsUntrusted: .upstreamTLSUntrusted
      case .tlsTimeout: .upstreamTLSTimeout
      case .writeTimeout: .upstreamWriteTimeout
      case .firstByteTimeout: .upstreamTimeout
      case .bodyTimeout: .upstreamTooSlow
      case .closed: .upstreamClosed
      case .reset: .upstreamReset
      case .truncatedHead: .upstreamTruncatedHeaders
      case .truncatedBody: .upstreamTruncated
      case .protocolError, .tooManyInterimResponses: .upstreamProtocolError
      case .headTooLarge: .upstreamHeadersTooLarge
      case .unexpectedUpgrade: .upstreamUnexpectedUpgrade
      }
  }
}

extension PenstockError {
  /// The time of an exchange ran out in this phase.
  init(timeoutIn phase: Phase) {
    self =
      switch phase {
      case .receive, .authorize: .requestTimeout
      case .queue: .overloaded
      case .dns: .upstreamDNSTimeout
      case .connect: .upstreamConnectTimeout
      case .tls: .upstreamTLSTimeout
      case .send: .upstreamWriteTimeout
      case .firstByte: .upstreamTimeout
      case .body, .respond: .upstreamTooSlow
      }
  }
}

extension UpstreamFailure {
  /// The upstream closed, in order or not.
  var isClosing: Bool { kind == .closed || kind == .reset }
}

extension Phase {
  init(_ phase: UpstreamFailure.Phase) {
    self =
      switch phase {
      case .queue: .queue
      case .dns: .dns
      case .connect: .connect
      case .tls: .tls
      case .send: .send
      case .firstByte: .firstByte
      case .body: .body
      }
  }
}
