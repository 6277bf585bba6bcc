/// Why a client's connection was closed, as metrics name it.
enum CloseReason: Int, CaseIterable, Sendable {
  /// The client connected and left, or timed out, without a byte.
  case noRequest
  /// The client closed between requests.
  case clientClosed
  /// The client closed or reset in the middle of an exchange.
  case clientAborted
  /// The client or HTTP/1.0 asked for one request only.
  case connectionClose
  case keepAliveTimeout
  case keepAliveRequests
  case keepAliveAge
  /// The head or the body of a request did not come in time.
  case requestTimeout
  case writeStall
  /// An error answer after which the bytes that follow cannot be trusted.
  case errorAnswer
  /// An answer that had begun could not be completed.
  case answerAborted
  /// A limit on connections refused it.
  case overLimit
  case shutdown

  var name: StaticString {
    switch self {
    case .noRequest: "no_request"
    case .clientClosed: "client_closed"
    case .clientAborted: "client_aborted"
    case .connectionClose: "connection_close"
    case .keepAliveTimeout: "keep_alive_timeout"
    case .keepAliveRequests: "keep_alive_requests"
    case .keepAliveAge: "keep_alive_age"
    case .requestTimeout: "request_timeout"
    case .writeStall: "write_stall"
    case .errorAnswer: "error_answer"
    case .answerAborted: "answer_aborted"
    case .overLimit: "over_limit"
    case .shutdown: "shutdown"
    }
  }
}
