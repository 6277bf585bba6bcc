/// Everything that Penstock itself can answer or end an exchange with. Its rows stand in
/// `ErrorTable`, the one place for status, slug, fix and labels.
public enum PenstockError: Int, Error, CaseIterable, Sendable {
  // The request as HTTP
  case malformedRequest, requestTimeout, bodyTooLarge, uriTooLong, expectationFailed
  case headersTooLarge, notImplemented, versionNotSupported, methodNotAllowed
  case tooManyConnections, notFound
  // The caller and what it may use
  case unauthorized, accountNotFound, accountDisabled, missingAuthContext, endpointRetired
  case ruleDenied, toolkitNotFound, rateLimited, accountConcurrencyLimit
  // The envelope
  case invalidJSON, validationError, duplicateKey, invalidMethod, conflictingBody, bodyNotAllowed
  case invalidContentType, invalidBase64, base64TooLarge
  case tooManyParameters, parametersTooLarge
  case invalidHeaderName, invalidHeaderValue, reservedHeader, reservedParameter
  case unsupportedMediaType, unsupportedEncoding, badEncoding, decompressionLimit
  case binaryAnswerUnsupported, customConnectionDataOff
  case authSchemeUnsupported
  case invalidIdempotencyKey, idempotencyKeyReused, replayUnavailable
  // `binary_body.url`, which Penstock fetches
  case invalidBinaryURL, binaryURLRefused, binaryURLFailed, binaryURLTimeout, binaryURLTooLarge
  // A link to a binary result
  case invalidSignature, linkExpired, rangeNotSatisfiable
  // Where it may go
  case invalidEndpoint, endpointTooLong, dotSegments, userinfoNotAllowed, invalidScheme
  case originMismatch, destinationNotAllowed
  // Penstock's own state
  case overloaded, draining, resourceExhausted, spoolUnavailable, internalError
  // The upstream
  case upstreamDNSFailed, upstreamDNSTimeout, upstreamConnectFailed, upstreamConnectTimeout
  case accountCircuitOpen, upstreamTLSFailed, upstreamTLSUntrusted, upstreamTLSTimeout
  case upstreamWriteTimeout, upstreamTimeout, upstreamTooSlow
  case upstreamClosed, upstreamReset, upstreamTruncated, upstreamTruncatedHeaders
  case upstreamProtocolError, upstreamHeadersTooLarge, upstreamUnexpectedUpgrade
  case upstreamResponseTooLarge, upstreamBadEncoding, upstreamDecompressionLimit
  case upstreamBrokenJSON, upstreamBrokenText
  /// Counted only: nobody had asked.
  case upstreamUnsolicited
  // Ends without an answer: these are logged and counted only
  case clientAborted, clientBodyTimeout, clientWriteTimeout, tunnelIdle, shutdownForced
}

extension PenstockError {
  /// Something has failed. A tunnel that falls silent is ended, and nothing more.
  var isFailure: Bool { self != .tunnelIdle }

  /// Penstock, or the machine that it runs on, had no room for the request.
  var isLack: Bool {
    switch self {
    case .overloaded, .resourceExhausted, .spoolUnavailable: true
    default: false
    }
  }

  /// The caller may not do what it asked for: worth a line of its own in the log.
  var isDenial: Bool {
    switch self {
    case .unauthorized, .accountNotFound, .toolkitNotFound, .ruleDenied, .invalidSignature: true
    case .originMismatch, .destinationNotAllowed, .binaryURLRefused: true
    default: false
    }
  }
}

/// Whose doing it was.
public enum Side: String, Sendable {
  case downstream, upstream, `internal`

  var name: StaticString {
    switch self {
    case .downstream: "downstream"
    case .upstream: "upstream"
    case .internal: "internal"
    }
  }
}

/// The part of an exchange in which it ended.
enum Phase: UInt8, CaseIterable, Sendable {
  case receive, authorize, queue, dns, connect, tls, send, firstByte, body, respond

  var name: StaticString {
    switch self {
    case .receive: "receive"
    case .authorize: "authorize"
    case .queue: "queue"
    case .dns: "dns"
    case .connect: "connect"
    case .tls: "tls"
    case .send: "send"
    case .firstByte: "first_byte"
    case .body: "body"
    case .respond: "respond"
    }
  }
}
